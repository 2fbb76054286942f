import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isOidcTokenError } from "../../errors.js";
import { quoteAll } from "../../text.js";
import { fromRecord } from "../../token/record.js";
import { type Check, failed, type Machine, own, pass, skip, warn } from "./check.js";

/** An account that nobody has: to ask for it is to ask whether the store answers. */
const NOBODY = "doctor";
const KEYRINGS: Partial<Record<NodeJS.Platform, string>> = {
  darwin: "the Keychain",
  win32: "Credential Manager",
};

/** Which store keeps the tokens, and whether it answers. */
export const store: Check<Machine> = {
  name: "store",
  seconds: 15,
  async run({ context, config }) {
    const choice = config?.store ?? "auto";
    const ask = (which: typeof choice) =>
      context.tokenStore(which, { interactive: false, notice: () => {} }).get(NOBODY);
    const keyring = KEYRINGS[context.platform] ?? "the Secret Service";
    try {
      await ask(choice);
    } catch (error) {
      return failed(error);
    }
    if (choice === "file") return pass("tokens are kept in a file that only you can read");
    if (choice === "keyring") return pass(`tokens are kept in the keyring, ${keyring}, which answers`);
    try {
      await ask("keyring");
      return pass(`tokens are kept in the keyring, ${keyring}, which answers`);
    } catch (error) {
      const { message, hint } = own(error);
      return warn(`${message}, so tokens are kept in a file that only you can read`, hint);
    }
  },
};

/** What profiles that were renamed, changed or removed have left behind. */
export const leftovers: Check<Machine> = {
  name: "leftovers",
  after: ["configuration"],
  seconds: 10,
  async run({ context, config }) {
    if (!config) return skip("not known without the configuration");
    const accounts = config.names.map((name) => account(() => config.profile(name).account));
    if (accounts.includes(undefined)) return skip("not known while a profile is wrong");
    const kept = accountsInFiles(join(context.paths.data, "tokens"));
    const files = context.tokenStore("file", { interactive: false, notice: () => {} });
    const gone: string[] = [];
    for (const each of kept) {
      if (accounts.includes(each)) continue;
      const text = (await files.get(each).catch(() => undefined))?.text;
      if (text !== undefined && fromRecord(text)) gone.push(each.replace(/-[0-9a-f]{32}$/, ""));
    }
    if (gone.length === 0) return pass("every sign-in kept in a file belongs to a profile");
    const count = gone.length === 1 ? "a sign-in" : `${gone.length} sign-ins`;
    return warn(
      `${count} of profiles that were changed or removed is still kept: ${quoteAll([...new Set(gone)].slice(0, 5))}`,
      "oidc-token logout --all ends all there are; then sign in again where you need it",
    );
  },
};

function account(find: () => string): string | undefined {
  try {
    return find();
  } catch (error) {
    if (isOidcTokenError(error)) return undefined;
    throw error;
  }
}

function accountsInFiles(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      const account = name.endsWith(".json") && decoded(name.slice(0, -".json".length));
      return account && /-[0-9a-f]{32}$/.test(account) ? [account] : [];
    });
  } catch {
    return [];
  }
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
