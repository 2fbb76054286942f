import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "./context.js";
import { fileLog } from "./files/log-file.js";
import type { LogLevel } from "./log.js";
import { userPaths } from "./paths.js";
import { Redactor } from "./redact.js";
import type { Output } from "./stdout.js";
import { ProcessArrivals } from "./store/arrivals.js";
import { ProcessLock } from "./store/lock.js";
import { lockFolders } from "./store/lock-folders.js";
import { openStore } from "./store/open.js";

/** Not Node's own fetch, which takes longer to load than the rest of a refresh. */
function straight(): typeof globalThis.fetch {
  let made: Promise<typeof globalThis.fetch> | undefined;
  return async (input, init) => {
    made ??= import("./http/straight.js").then(({ straightFetch }) => straightFetch());
    return await (await made)(input, init);
  };
}

/** The context of the real process. */
export function createContext(
  argv: readonly string[],
  level: LogLevel,
  interrupted: AbortSignal,
  output: { stdout(): Output; stderr(): NodeJS.WriteStream },
): Context {
  const { env, platform } = process;
  const paths = userPaths();
  const redactor = new Redactor();
  const lock_folders = lockFolders(env, paths.log);
  const context: Context = {
    argv,
    env,
    platform,
    cwd: process.cwd(),
    paths,
    // Made when they are asked for, which takes milliseconds each.
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return output.stdout();
    },
    get stderr() {
      return output.stderr();
    },
    now: () => Date.now() / 1000,
    monotonic: () => performance.now() / 1000,
    sleep: async (ms, signal) => void (await delay(ms, undefined, signal ? { signal } : {})),
    fetch: process.versions.bun ? globalThis.fetch : straight(),
    transport: async (profile, secrets) => {
      const { openTransport } = await import("./http/transport.js");
      return await openTransport(profile, secrets, context);
    },
    openBrowser: async (url) => {
      const { default: open } = await import("open");
      await open(url);
    },
    log: fileLog(paths.log, level, (text) => redactor.apply(text)),
    redactor,
    lock: new ProcessLock(lock_folders),
    arrivals: new ProcessArrivals(lock_folders),
    storedAccounts: async (notice) => {
      const { listAccounts } = await import("./store/list.js");
      return await listAccounts(paths.data, { platform, env }, notice);
    },
    keyringProduct: async () => {
      if (platform !== "linux")
        return { darwin: "Keychain", win32: "Credential Manager" }[platform as string];
      const { secretServiceProduct } = await import("./store/keyring/product.js");
      return await secretServiceProduct(env);
    },
    tokenStore: (choice, request) => openStore(choice, { dataDir: paths.data, env, ...request }),
    tryKey: async (profile, secrets, base_url, key) => {
      const { tryKey } = await import("./http/models-request.js");
      const gateway = { ...context, fetch: await context.transport(profile, secrets) };
      return await tryKey(gateway, profile, base_url, key);
    },
    grants: async (profile, secrets) => {
      const { createGrants } = await import("./oidc/grants.js");
      return await createGrants(profile, secrets, context);
    },
    discovery: async (profile, secrets) => {
      const { createDiscovery } = await import("./oidc/address/discovery.js");
      const fetch = await context.transport(profile, secrets);
      return createDiscovery(Object.create(context, { fetch: { value: fetch } }) as Context);
    },
    interrupted,
  };
  return context;
}
