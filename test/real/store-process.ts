// A process that uses the keyring as the command does; secret-service.test.ts bundles and starts it.
import { isOidcTokenError } from "../../src/errors.js";
import { endProcess } from "../../src/store/keyring/end-process.js";
import { loadNative } from "../../src/store/keyring/load-native.js";
import { nativeCallPending, withDeadline } from "../../src/store/keyring/native-call.js";
import { openStore } from "../../src/store/open.js";

const [action, account, text] = process.argv.slice(2) as [string, string, string];
const env = process.env;
const notice = (sentence: string) => console.error(`notice: ${sentence}`);
const choice = (env.STORE ?? "keyring") as "auto" | "keyring" | "file";
const store = openStore(choice, {
  dataDir: `${env.XDG_DATA_HOME}/oidc-token`,
  env,
  interactive: !!env.PERSON,
  notice,
});

async function main(): Promise<unknown> {
  if (action === "get") return (await store.get(account)) ?? "nothing";
  if (action === "place") return store.place(account, text);
  if (action === "set") return store.set(account, text);
  if (action === "delete") return store.delete(account);
  if (action === "often") return await often(Number(text));
  // A native call that hangs in the middle: the bus, which answered when it was asked, is stopped before the call.
  const entry = new (loadNative().AsyncEntry)("oidc-token", account, { linux: { store: "secret-service" } });
  process.kill(Number(env.BUS_PID), "SIGSTOP");
  return withDeadline(entry.getPassword(), 1_000);
}

/** Reads for so many milliseconds, each time over a connection of its own. Answers what came of it, counted. */
async function often(milliseconds: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const end = performance.now() + milliseconds; performance.now() < end; ) {
    const answer = await store.get(account).then((kept) => kept?.text ?? "nothing", String);
    counts[answer] = (counts[answer] ?? 0) + 1;
    const shared = globalThis as { [key: symbol]: { bus: { close(): void } } | undefined };
    shared[Symbol.for("oidc-token.session-bus")]?.bus.close();
  }
  return counts;
}

main().then(
  (answer) => {
    console.log(JSON.stringify(answer));
    process.exit(0);
  },
  (error) => {
    if (!isOidcTokenError(error)) throw error;
    console.error(`${error.message}\n${error.hint}`);
    if (nativeCallPending()) endProcess(error.exitCode);
    process.exit(error.exitCode);
  },
);
