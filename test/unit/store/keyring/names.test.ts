import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { logout } from "../../../../src/commands/logout.js";
import type { Context } from "../../../../src/context.js";
import { ChosenStore } from "../../../../src/store/choose.js";
import { FileStore } from "../../../../src/store/file.js";
import { KeyringStore } from "../../../../src/store/keyring/keyring.js";
import type { NativeEntry } from "../../../../src/store/keyring/load-native.js";
import { KEYRING_NAMES, listAccounts } from "../../../../src/store/list.js";
import { InMemory } from "../../../support/in-memory.js";

/** What the system's own keyring holds, by service and account. */
const vault = vi.hoisted(() => new Map<string, Uint8Array>());

/**
 * `AsyncEntry` as @napi-rs/keyring documents it (index.d.ts, 2.1.2): what is not there is null, and to delete it answers
 * false. Neither Keychain nor Credential Manager can be had on the machine of this test.
 */
vi.mock("../../../../src/store/keyring/load-native.js", () => {
  class AsyncEntry implements NativeEntry {
    readonly #name: string;
    constructor(service: string, account: string) {
      this.#name = `${service}/${account}`;
    }
    async getPassword(): Promise<string | null> {
      const bytes = vault.get(this.#name);
      return bytes === undefined ? null : Buffer.from(bytes).toString();
    }
    async setPassword(password: string): Promise<void> {
      vault.set(this.#name, Buffer.from(password));
    }
    async getSecret(): Promise<readonly number[] | null> {
      const bytes = vault.get(this.#name);
      return bytes === undefined ? null : [...bytes];
    }
    async setSecret(secret: Uint8Array): Promise<void> {
      if (secret.byteLength > 2560)
        throw new Error("Attribute 'password' is longer than platform limit of 2560");
      vault.set(this.#name, secret);
    }
    async deleteCredential(): Promise<boolean> {
      return vault.delete(this.#name);
    }
  }
  return { loadNative: () => ({ AsyncEntry }) };
});

const HASH = "0123456789abcdef0123456789abcdef";
const KEY = "sk-canary-of-names-1";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "oidc-token-names-"));
  vault.clear();
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

function keyringOf(platform: NodeJS.Platform): KeyringStore {
  return new KeyringStore({
    platform,
    env: {},
    interactive: false,
    names: new FileStore(join(data, KEYRING_NAMES)),
  });
}

describe.each(["darwin", "win32"] as const)("what the keyring of %s holds", (platform) => {
  const list = () => listAccounts(data, { platform, env: {} }, () => {});

  it("is known by name, as it comes and goes", async () => {
    const keyring = keyringOf(platform);
    expect(await list()).toEqual([]);
    await keyring.set(`work-${HASH}`, "a".repeat(6000));
    await keyring.set(`client-${HASH}.client_secret`, "secret");
    await keyring.set(`work-${HASH}`, "b".repeat(200));
    expect([...(await list())].sort()).toEqual([`client-${HASH}.client_secret`, `work-${HASH}`]);
    expect(await keyring.delete(`work-${HASH}`)).toBe(true);
    expect(await keyring.delete(`work-${HASH}`)).toBe(false);
    expect(await list()).toEqual([`client-${HASH}.client_secret`]);
  });

  it("is nowhere in the list but by name", async () => {
    await keyringOf(platform).set(`work-${HASH}`, KEY);
    const folder = join(data, KEYRING_NAMES);
    for (const name of readdirSync(folder)) {
      expect(name).toBe(`work-${HASH}.json`);
      expect(readFileSync(join(folder, name), "utf8")).toBe("in the keyring\n");
    }
  });

  it("is kept all the same where the list cannot be written", async () => {
    const names = new FileStore(join("/dev/null", KEYRING_NAMES));
    const keyring = new KeyringStore({ platform, env: {}, interactive: false, names });
    await keyring.set(`work-${HASH}`, KEY);
    expect(await keyring.get(`work-${HASH}`)).toBe(KEY);
    expect(await keyring.delete(`work-${HASH}`)).toBe(true);
  });

  it("is taken whole by logout --all, what renamed profiles have left as well", async () => {
    const place = new InMemory();
    try {
      place.configure({ profiles: { own: { flow: "static_key", key: "{keyring}" } } });
      const keyring = keyringOf(platform);
      await keyring.set(`former-${HASH}`, KEY);
      await keyring.set(`client-${HASH}.client_secret`, KEY);
      const context: Context = {
        ...place.context(),
        platform,
        tokenStore: () =>
          new ChosenStore({
            choice: "auto",
            file: new FileStore(join(data, "tokens")),
            keyring,
            notice() {},
          }),
        storedAccounts: list,
      };
      await logout(context, { all: true });
      expect(place.stderr).toContain('forgot what was left of "former", a profile that is no more');
      expect(vault.size).toBe(0);
      expect(await list()).toEqual([]);
    } finally {
      place.dispose();
    }
  });
});

it("a file that is none of ours in a folder of ours is no account", async () => {
  await new FileStore(join(data, "tokens")).set("work-1", "{}");
  const { writeFileSync } = await import("node:fs");
  writeFileSync(join(data, "tokens", "%zz.json"), "");
  expect(await listAccounts(data, { platform: "darwin", env: {} }, () => {})).toEqual(["work-1"]);
});
