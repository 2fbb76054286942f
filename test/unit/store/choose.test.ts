import { beforeEach, describe, expect, test, vi } from "vitest";
import { OidcTokenError } from "../../../src/errors.js";
import { ChosenStore, type Keyring, type RoomyStore } from "../../../src/store/choose.js";
import { KeyringUnusable } from "../../../src/store/keyring/trouble.js";
import type { TokenStore } from "../../../src/store/token-store.js";

class Killed extends Error {}

/** Steps of both stores, counted together; the process is killed before the one with this number. */
let steps: number;
let killBefore: number;

class MemoryStore implements RoomyStore {
  readonly rooms = new Set<string>();
  readonly texts = new Map<string, string>();
  failure: Error | undefined;

  constructor(readonly name: "file" | "keyring") {}

  async get(account: string): Promise<string | undefined> {
    this.#step();
    return this.texts.get(account);
  }
  async set(account: string, text: string): Promise<void> {
    this.#step();
    this.texts.set(account, text);
  }
  async delete(account: string): Promise<boolean> {
    this.#step();
    return this.texts.delete(account);
  }
  async reserve(account: string): Promise<void> {
    this.#step();
    this.rooms.add(account);
  }
  async release(account: string): Promise<void> {
    this.rooms.delete(account);
  }
  #step(): void {
    if (++steps >= killBefore) throw new Killed();
    if (this.failure) throw this.failure;
  }
}

let file: MemoryStore;
let keyring: MemoryStore & Keyring;
let notices: string[];
beforeEach(fresh);

function fresh(): void {
  steps = 0;
  killBefore = Number.POSITIVE_INFINITY;
  file = new MemoryStore("file");
  keyring = new MemoryStore("keyring");
  notices = [];
}

function open(choice: "auto" | "keyring" | "file"): TokenStore {
  return new ChosenStore({ choice, file, keyring, notice: (sentence) => void notices.push(sentence) });
}

const absent = () => new KeyringUnusable("absent", "there is no keyring", "start one");
const locked = () => new KeyringUnusable("locked", "the keyring is locked", "unlock it");
const held = () => ({ file: file.texts.get("a"), keyring: keyring.texts.get("a") });

describe("a store of choice", () => {
  test.each([
    ["auto", "keyring"],
    ["keyring", "keyring"],
    ["file", "file"],
  ] as const)("%s puts a new text in the %s", async (choice, store) => {
    expect(await open(choice).set("a", "1")).toBe(store);
    expect(await open(choice).place("a", "2")).toBe(store);
    expect(await open(choice).get("a")).toEqual({ text: "2", store });
    expect(held()).toEqual({ file: undefined, keyring: undefined, [store]: "2" });
    expect(await open(choice).delete("a")).toBe(true);
    expect(await open(choice).get("a")).toBeUndefined();
    expect(notices).toEqual([]);
  });

  test("auto leaves a text where it is on set and moves it to the keyring at sign-in", async () => {
    file.texts.set("a", "1");
    expect(await open("auto").set("a", "2")).toBe("file");
    expect(held()).toEqual({ file: "2", keyring: undefined });
    expect(await open("auto").place("a", "3")).toBe("keyring");
    expect(held()).toEqual({ file: undefined, keyring: "3" });
    expect(await open("auto").set("a", "4")).toBe("keyring");
    expect(held()).toEqual({ file: undefined, keyring: "4" });
  });

  test.each(["keyring", "file"] as const)(
    "%s finds a text in the other store and moves it on set",
    async (choice) => {
      const other = choice === "file" ? "keyring" : "file";
      (other === "file" ? file : keyring).texts.set("a", "1");
      expect(await open(choice).get("a")).toEqual({ text: "1", store: other });
      expect(held()[other]).toBe("1");
      expect(await open(choice).set("a", "2")).toBe(choice);
      expect(held()).toEqual({ file: undefined, keyring: undefined, [choice]: "2" });
    },
  );

  test("forgets an account in both stores", async () => {
    for (const choice of ["auto", "keyring", "file"] as const) {
      file.texts.set("a", "1");
      keyring.texts.set("a", "1");
      expect(await open(choice).delete("a")).toBe(true);
      expect(held()).toEqual({ file: undefined, keyring: undefined });
      expect(await open(choice).delete("a")).toBe(false);
    }
  });
});

describe("with no keyring", () => {
  beforeEach(() => {
    keyring.failure = absent();
  });

  test("auto keeps the text in a file and says once which store and why", async () => {
    expect(await open("auto").get("a")).toBeUndefined();
    expect(await open("auto").place("a", "1")).toBe("file");
    expect(notices).toEqual(["there is no keyring, so the token is kept in a file that only you can read"]);
    expect(await open("auto").set("a", "2")).toBe("file");
    expect(await open("auto").delete("a")).toBe(true);
    expect(notices).toHaveLength(1);
  });

  test("keyring fails", async () => {
    for (const action of [
      open("keyring").get("a"),
      open("keyring").place("a", "1"),
      open("keyring").delete("a"),
    ]) {
      await expect(action).rejects.toBe(keyring.failure);
    }
    expect(held()).toEqual({ file: undefined, keyring: undefined });
  });

  test("file works", async () => {
    expect(await open("file").get("a")).toBeUndefined();
    expect(await open("file").place("a", "1")).toBe("file");
    expect(await open("file").delete("a")).toBe(true);
    expect(notices).toEqual([]);
  });
});

describe("with a locked keyring", () => {
  beforeEach(() => {
    keyring.failure = locked();
  });

  test("auto does not take what cannot be read for not signed in", async () => {
    await expect(open("auto").get("a")).rejects.toBe(keyring.failure);
    await expect(open("auto").delete("a")).rejects.toBe(keyring.failure);
  });

  test("auto serves what the file holds, and a sign-in goes to the file", async () => {
    expect(await open("auto").place("a", "1")).toBe("file");
    expect(notices).toEqual(["the keyring is locked, so the token is kept in a file that only you can read"]);
    expect(await open("auto").get("a")).toEqual({ text: "1", store: "file" });
  });

  test("auto does not lose a refreshed token when the keyring locks after it was read", async () => {
    keyring.failure = undefined;
    keyring.texts.set("a", "1");
    const store = open("auto");
    await store.get("a");
    keyring.failure = locked();
    expect(await store.set("a", "2")).toBe("file");
    keyring.failure = undefined;
    expect(await open("auto").get("a")).toEqual({ text: "2", store: "file" });
  });

  test("file works, and a sign-out says what may be left", async () => {
    expect(await open("file").get("a")).toBeUndefined();
    expect(await open("file").place("a", "1")).toBe("file");
    expect(await open("file").delete("a")).toBe(true);
    expect(notices).toEqual(["the keyring is locked, so what it may hold of this sign-in stays there"]);
  });
});

describe("before a refresh token is spent", () => {
  const full = () => new OidcTokenError("store", "no space left", "make room");

  test.each(["auto", "keyring"] as const)("the keyring is asked for a write: %s", async (choice) => {
    keyring.texts.set("a", "1");
    const writes = vi.spyOn(keyring, "set");
    const release = await open(choice).reserve("a", "1");
    expect(writes).toHaveBeenCalledExactlyOnceWith("a", "1");
    expect(file.rooms).toEqual(new Set());
    await release();
    expect(held()).toEqual({ file: undefined, keyring: "1" });
  });

  test.each(["auto", "file"] as const)(
    "room is held in the file system until it is over: %s",
    async (choice) => {
      file.texts.set("a", "1");
      const release = await open(choice).reserve("a", "1");
      expect(file.rooms).toEqual(new Set(["a"]));
      await release();
      expect(file.rooms).toEqual(new Set());
      file.failure = full();
      await expect(open(choice).reserve("a", "1")).rejects.toBe(file.failure);
    },
  );

  test("auto holds room for a rescue where the keyring takes no write, and gives up where there is none either", async () => {
    keyring.texts.set("a", "1");
    const store = open("auto");
    await store.get("a");
    keyring.failure = locked();
    await store.reserve("a", "1");
    expect(file.rooms).toEqual(new Set(["a"]));
    vi.spyOn(file, "reserve").mockRejectedValue(full());
    await expect(store.reserve("a", "1")).rejects.toBe(keyring.failure);
  });

  test("keyring never turns to a file", async () => {
    keyring.texts.set("a", "1");
    const store = open("keyring");
    await store.get("a");
    keyring.failure = locked();
    await expect(store.reserve("a", "1")).rejects.toBe(keyring.failure);
    await expect(store.set("a", "2")).rejects.toBe(keyring.failure);
    expect([file.rooms, file.texts]).toEqual([new Set(), new Map()]);
  });
});

test("what a file has rescued moves back with the next success, and what was always in the file stays", async () => {
  keyring.texts.set("a", "1");
  const store = open("auto");
  await store.get("a");
  keyring.failure = locked();
  expect(await store.set("a", "2")).toBe("file");
  expect(notices).toEqual(["the keyring is locked, so the token is kept in a file that only you can read"]);
  expect(await open("auto").set("a", "3")).toBe("file");
  keyring.failure = undefined;
  expect(await open("auto").set("a", "4")).toBe("keyring");
  expect(held()).toEqual({ file: undefined, keyring: "4" });
});

test("auto does not take a bus that turns it away for not signed in", async () => {
  keyring.failure = new KeyringUnusable("failed", "the bus hung up", "restart it");
  await expect(open("auto").get("a")).rejects.toBe(keyring.failure);
  expect(await open("auto").place("a", "1")).toBe("file");
});

describe("a process killed at any step", () => {
  test.each([
    ["file", "keyring", "place"],
    ["file", "auto", "place"],
    ["file", "keyring", "set"],
    ["file", "auto", "set"],
    ["keyring", "file", "place"],
    ["keyring", "file", "set"],
    ["keyring", "auto", "set"],
  ] as const)(
    "from %s with %s, on %s: an old text is never read after the new one was",
    async (from, choice, action) => {
      let finished = false;
      for (let step = 1; !finished; step++) {
        fresh();
        (from === "file" ? file : keyring).texts.set("a", "old");
        killBefore = step;
        finished = await open(choice)
          [action]("a", "new")
          .then(
            () => true,
            (error) => {
              expect(error).toBeInstanceOf(Killed);
              return false;
            },
          );
        killBefore = Number.POSITIVE_INFINITY;
        const stored = Object.values(held()).includes("new");
        for (const reader of ["auto", "keyring", "file"] as const) {
          expect((await open(reader).get("a"))?.text).toBe(stored ? "new" : "old");
        }
        await open(choice).place("a", "newer");
        expect(Object.values(held()).filter(Boolean)).toEqual(["newer"]);
      }
    },
  );
});

test("a failure that is not ours is not taken for a missing keyring", async () => {
  keyring.failure = new TypeError("a defect");
  await expect(open("auto").get("a")).rejects.toBe(keyring.failure);
  await expect(open("auto").place("a", "1")).rejects.toBe(keyring.failure);
  expect(keyring.failure).not.toBeInstanceOf(OidcTokenError);
});
