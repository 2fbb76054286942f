import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { itemProperties, secret, text, truth } from "../../src/store/dbus/call.js";
import { openSession, search, to } from "../../src/store/keyring/secret-service.js";
import { withBus } from "../../src/store/keyring/secret-service-bus.js";
import { end, hasOwner, makeSession, startBus, until } from "./secret-service.js";

/** KWallet or KeePassXC as the Secret Service of a session of its own, drawn nowhere: what it asks, nobody answers. */
export interface OtherKeyring {
  /** DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR and the folders the keyring's own files are in. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the program and starts it anew, as a sign-in to the desktop does. */
  restart(state: KeyringState): Promise<void>;
  /** Makes another item with these attributes, whether or not there is one. */
  double(attributes: Readonly<Record<string, string>>): Promise<void>;
  /** The items of these attributes that are there and unlocked. */
  count(attributes: Readonly<Record<string, string>>): Promise<number>;
  stop(): Promise<void>;
}

/** `asks`: open, but every program is asked about before it may read an item. */
export type KeyringState = "open" | "locked" | "asks";

interface Product {
  /** Executable → Debian package. */
  readonly programs: Readonly<Record<string, string>>;
  readonly collection: string;
  prepare(home: string, env: Readonly<Record<string, string>>): void;
  start(home: string, env: Readonly<Record<string, string>>, state: KeyringState): ChildProcess;
  started?(env: Readonly<Record<string, string>>, state: KeyringState): void;
  /** Whether it is through with opening what `start` told it to. */
  isOpened?(env: Readonly<Record<string, string>>): boolean;
  /** Lets it write down what it holds. */
  ending?(env: Readonly<Record<string, string>>): void;
}

/** Milliseconds. */
const LIFETIME = 180_000;
const LIMIT = { timeout: 15_000, encoding: "utf8" } as const;

/** What a wallet's password becomes; any will do that is always the same. */
const HASH = `array:byte:${new Array(56).fill(7).join()}`;

function askKWallet(env: Readonly<Record<string, string>>, member: string, ...values: string[]): void {
  const call = ["--session", "--print-reply", "--dest=org.kde.kwalletd5", "/modules/kwalletd5"];
  execFileSync("dbus-send", [...call, `org.kde.KWallet.${member}`, ...values], { env, ...LIMIT });
}

const kwallet: Product = {
  programs: { "dbus-daemon": "dbus", kwalletd5: "libkf5wallet-bin" },
  collection: "kdewallet",
  prepare(_home, env) {
    mkdirSync(env.XDG_CONFIG_HOME ?? "", { recursive: true });
    writeFileSync(
      join(env.XDG_CONFIG_HOME ?? "", "kwalletrc"),
      "[Wallet]\nEnabled=true\nFirst Use=false\nDefault Wallet=kdewallet\nLaunch Manager=false\n\n[org.freedesktop.secrets]\napiEnabled=true\n",
    );
  },
  start: (_home, env) => spawn("kwalletd5", [], { env, stdio: "ignore", timeout: LIFETIME }),
  started(env, state) {
    if (state === "locked") return;
    // As PAM does when a person signs in to the desktop.
    askKWallet(env, "pamOpen", "string:kdewallet", HASH, "int32:0");
  },
  ending: (env) => askKWallet(env, "close", "string:kdewallet", "boolean:true"),
};

const PASSWORD = "pw";

const keepassxc: Product = {
  programs: { "dbus-daemon": "dbus", keepassxc: "keepassxc" },
  collection: "p",
  prepare(home, env) {
    // The group whose entries other programs may see, which a person chooses in the database's settings.
    const group = randomUUID();
    const uuid = Buffer.from(group.replaceAll("-", ""), "hex").toString("base64");
    const xml = `<?xml version="1.0" encoding="UTF-8"?><KeePassFile><Meta><CustomData><Item>
      <Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{${group}}</Value></Item></CustomData></Meta>
      <Root><Group><UUID>${uuid}</UUID><Name>Root</Name></Group></Root></KeePassFile>`;
    writeFileSync(join(home, "p.xml"), xml);
    execFileSync("keepassxc-cli", ["import", "-q", "-p", join(home, "p.xml"), join(home, "p.kdbx")], {
      env,
      input: `${PASSWORD}\n${PASSWORD}\n`,
      stdio: ["pipe", "ignore", "ignore"],
      ...LIMIT,
    });
  },
  start(home, env, state) {
    const settings = join(home, "keepassxc.ini");
    writeFileSync(
      settings,
      `[General]\nConfigVersion=2\nUpdateCheckMessageShown=true\nAutoSaveAfterEveryChange=true\n[FdoSecrets]\nEnabled=true\nShowNotification=false\nConfirmAccessItem=${state === "asks"}\nConfirmDeleteItem=false\n`,
    );
    const files = ["--config", settings, "--localconfig", join(home, "local.ini"), join(home, "p.kdbx")];
    const args = state === "locked" ? files : ["--pw-stdin", ...files];
    const child = spawn("keepassxc", args, {
      env,
      stdio: ["pipe", "ignore", "ignore"],
      timeout: LIFETIME,
      killSignal: "SIGKILL",
    });
    child.stdin?.end(`${PASSWORD}\n`);
    return child;
  },
  isOpened(env) {
    const property = ["string:org.freedesktop.Secret.Collection", "string:Locked"];
    return askSecrets(env, "/collection/p", "org.freedesktop.DBus.Properties.Get", ...property).includes(
      "boolean false",
    );
  },
};

export const PRODUCTS = { KWallet: kwallet, KeePassXC: keepassxc };

/** Starts one, open and with nothing in it. Call `stop`. */
export async function startOtherKeyring(name: keyof typeof PRODUCTS): Promise<OtherKeyring> {
  const product = PRODUCTS[name];
  const session = makeSession();
  const socket = join(session.run, "bus");
  const env = {
    ...session.env,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}`,
    QT_QPA_PLATFORM: "offscreen",
    // KeePassXC runs once for each user, by a lock in there.
    TMPDIR: session.run,
    LANG: "C.UTF-8",
  };
  product.prepare(session.home, env);
  const bus = await startBus(socket, session.run, env, LIFETIME);
  let running: ChildProcess | undefined;
  const ask = (work: Parameters<typeof withBus>[2]) => withBus(env, 15_000, work);
  const keyring: OtherKeyring = {
    env,
    async restart(state) {
      if (running) await leave(product, running, env);
      running = product.start(session.home, env, state);
      await until(() => hasOwner("org.freedesktop.secrets", env), name);
      product.started?.(env, state);
      await until(() => isShown(product.collection, env), `the collection of ${name}`);
      if (state !== "locked" && product.isOpened)
        await until(() => product.isOpened?.(env) === true, `${name} to be open`);
    },
    async double(attributes) {
      const state = await ask(async (bus) => {
        await search(bus, attributes);
        const session = (await openSession(bus)) ?? "";
        const item = [itemProperties("another", attributes), secret(session, "another"), truth(false)];
        const path = `/org/freedesktop/secrets/collection/${product.collection}`;
        const made = await bus.call(to(path, "org.freedesktop.Secret.Collection", "CreateItem", item));
        // KeePassXC makes it at the prompt, which asks nobody here.
        const [, prompt] = made.body;
        if (typeof prompt === "string" && prompt !== "/")
          await bus.call(to(prompt, "org.freedesktop.Secret.Prompt", "Prompt", [text("")]));
        for (let attempt = 0; attempt < 100; attempt += 1) {
          if ((await search(bus, attributes)).unlocked.length > 1) return "ready";
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        return "failed";
      });
      if (state !== "ready") throw new Error(`no second item: ${state}`);
    },
    async count(attributes) {
      let found = 0;
      await ask(async (bus) => {
        const { state, unlocked } = await search(bus, attributes);
        found = unlocked.length;
        return state;
      });
      return found;
    },
    async stop() {
      if (running) await end(running);
      await end(bus);
      rmSync(session.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
  try {
    if (name === "KWallet") {
      // A wallet that PAM has just made is no collection until the next start.
      running = product.start(session.home, env, "open");
      await until(() => hasOwner("org.kde.kwalletd5", env), name);
      product.started?.(env, "open");
    }
    await keyring.restart("open");
    return keyring;
  } catch (error) {
    await keyring.stop();
    throw error;
  }
}

/** As at the end of a desktop's session. */
async function leave(
  product: Product,
  running: ChildProcess,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  product.ending?.(env);
  const ended = new Promise((resolve) => running.once("exit", resolve));
  running.kill("SIGTERM");
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10_000).unref())]);
  await end(running);
}

function isShown(collection: string, env: Readonly<Record<string, string>>): boolean {
  return askSecrets(env, "", "org.freedesktop.Secret.Service.ReadAlias", "string:default").includes(
    `/${collection}`,
  );
}

function askSecrets(
  env: Readonly<Record<string, string>>,
  path: string,
  member: string,
  ...values: string[]
): string {
  const call = ["--session", "--print-reply=literal", "--dest=org.freedesktop.secrets"];
  return execFileSync("dbus-send", [...call, `/org/freedesktop/secrets${path}`, member, ...values], {
    env,
    ...LIMIT,
  });
}
