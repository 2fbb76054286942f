import { beforeEach, describe, expect, test } from "vitest";
import { OidcTokenError } from "../../../../src/errors.js";
import { type Entries, SplitEntries } from "../../../../src/store/keyring/split.js";

class Killed extends Error {}

/**
 * Credential Manager as documented for CredWriteW and CREDENTIALW: a value has at most CRED_MAX_CREDENTIAL_BLOB_SIZE
 * (5 * 512) bytes, the target name at most CRED_MAX_GENERIC_TARGET_NAME_LENGTH (32,767) characters and no letter
 * case, and a write replaces the credential as a whole. It may be told to kill its user before a given step.
 */
class CredentialManager implements Entries {
  readonly values = new Map<string, Uint8Array>();
  steps = 0;
  killBefore = Number.POSITIVE_INFINITY;

  async get(name: string): Promise<Uint8Array | undefined> {
    this.#step();
    return this.values.get(this.#target(name));
  }
  async set(name: string, value: Uint8Array): Promise<void> {
    this.#step();
    if (value.length > 2_560) throw new Error("ERROR_INVALID_PARAMETER");
    this.values.set(this.#target(name), Uint8Array.from(value));
  }
  async delete(name: string): Promise<boolean> {
    this.#step();
    return this.values.delete(this.#target(name));
  }
  #target(name: string): string {
    if (name.length > 32_767) throw new Error("ERROR_INVALID_PARAMETER");
    return name.toLowerCase();
  }
  #step(): void {
    if (++this.steps >= this.killBefore) throw new Killed();
  }
}

let manager: CredentialManager;
let split: SplitEntries;
beforeEach(() => {
  manager = new CredentialManager();
  split = new SplitEntries(manager);
});

const long = (letter: string, parts: number) => letter.repeat(2_500 * parts - 1_000);

describe("a text in Windows' Credential Manager", () => {
  test.each([0, 1, 2_400, 2_500, 2_560, 2_561, 5_120, 5_121, 40_000])(
    "comes back, %d bytes long",
    async (length) => {
      const text = Array.from({ length }, (_, at) => String.fromCharCode(32 + (at % 95))).join("");
      await split.set("work", text);
      expect(await new SplitEntries(manager).get("work")).toBe(text);
    },
  );

  test("comes back where a character of several bytes falls on the boundary", async () => {
    for (let shift = 0; shift < 4; shift++) {
      const text = "x".repeat(shift) + "😀".repeat(2_000);
      await split.set("work", text);
      expect(await split.get("work")).toBe(text);
    }
  });

  test("is one entry where it is short", async () => {
    await split.set("work", "short");
    expect([...manager.values.keys()]).toEqual(["work"]);
  });

  test("leaves nothing of the text before it", async () => {
    for (const parts of [1, 6, 2, 9, 1, 3]) {
      await split.set("work", long("x", parts));
      expect(await split.get("work")).toBe(long("x", parts));
      expect(manager.values.size).toBe(parts);
    }
  });

  test("is forgotten with all its parts, and does not touch another account's", async () => {
    await split.set("work", long("a", 4));
    await split.set("work2", long("b", 3));
    expect(await split.delete("work")).toBe(true);
    expect(await split.get("work")).toBeUndefined();
    expect(await split.delete("work")).toBe(false);
    expect(await split.get("work2")).toBe(long("b", 3));
    expect(manager.values.size).toBe(3);
  });
});

describe("a writer killed at any step", () => {
  test.each([
    ["long to longer", long("a", 3), long("b", 5)],
    ["long to shorter", long("a", 5), long("b", 2)],
    ["long to one entry", long("a", 3), "b"],
    ["one entry to long", "a", long("b", 4)],
  ])(
    "leaves the old text or the new, and nothing of it after the next write: %s",
    async (_, before, after) => {
      let finished = false;
      const seen = new Set<string | undefined>();
      for (let step = 1; !finished; step++) {
        manager = new CredentialManager();
        split = new SplitEntries(manager);
        await split.set("work", before);
        manager.killBefore = manager.steps + step;
        finished = await split.set("work", after).then(
          () => true,
          (error) => {
            expect(error).toBeInstanceOf(Killed);
            return false;
          },
        );
        manager.killBefore = Number.POSITIVE_INFINITY;
        const text = await split.get("work");
        expect([before, after]).toContain(text);
        seen.add(text);

        await split.set("work", long("c", 2));
        expect(await split.get("work")).toBe(long("c", 2));
        expect(manager.values.size).toBe(2);
      }
      expect(seen).toEqual(new Set([before, after]));
    },
  );

  test("of a first text leaves none or the whole", async () => {
    for (let step = 1, finished = false; !finished; step++) {
      manager = new CredentialManager();
      manager.killBefore = step;
      finished = await new SplitEntries(manager).set("work", long("a", 3)).then(
        () => true,
        () => false,
      );
      manager.killBefore = Number.POSITIVE_INFINITY;
      expect([undefined, long("a", 3)]).toContain(await new SplitEntries(manager).get("work"));
    }
  });
});

describe("parts that do not belong together", () => {
  const expectUnreadable = async () => {
    const error = await split.get("work").catch((e) => e);
    expect(error).toBeInstanceOf(OidcTokenError);
    expect(error).toMatchObject({ kind: "store", hint: "sign in again: oidc-token login" });
  };

  test("of two generations are never joined", async () => {
    await split.set("work", long("a", 3));
    const old = new Map(manager.values);
    await split.set("work", long("b", 1));
    await split.set("work", long("b", 3));
    const part = [...old.keys()].find((name) => name.endsWith("2")) as string;
    expect(manager.values.has(part)).toBe(true);
    manager.values.set(part, old.get(part) as Uint8Array);
    await expectUnreadable();
  });

  test("a missing part is noticed", async () => {
    await split.set("work", long("a", 3));
    manager.values.delete([...manager.values.keys()][1] as string);
    await expectUnreadable();
  });

  test("a part cut short, or longer, is noticed", async () => {
    for (const change of [(bytes: Uint8Array) => bytes.subarray(0, 100), () => new Uint8Array()]) {
      await split.set("work", long("a", 3));
      const name = [...manager.values.keys()].find((key) => key.endsWith("1")) as string;
      manager.values.set(name, change(manager.values.get(name) as Uint8Array));
      await expectUnreadable();
    }
  });

  test("something that is no part at all is noticed, and can be replaced", async () => {
    for (const content of [
      "",
      "plain text",
      "1 x a\n",
      "2 g a 1 0001\nx",
      "1 g c 1 0001\nx",
      "1 g a 1 0001\n",
    ]) {
      manager.values.set("work", Buffer.from(content));
      await expectUnreadable();
      await split.set("work", "new");
      expect(await split.get("work")).toBe("new");
    }
  });

  test("a text replaced while it is read is read again", async () => {
    await split.set("work", long("a", 3));
    const get = manager.get.bind(manager);
    let reads = 0;
    manager.get = async (name) => {
      if (++reads === 2) await new SplitEntries(manager).set("work", long("b", 3));
      return get(name);
    };
    expect(await split.get("work")).toBe(long("b", 3));
  });
});
