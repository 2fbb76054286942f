import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProcessLock } from "../../../src/store/lock.js";

/** What happens between a contender's look at the folder and its attempt to create the next entry. */
const meanwhile = vi.hoisted(() => ({
  beforeLink: undefined as (() => void) | undefined,
  hardLinks: true,
  /** Nothing can be put in the place of a file. */
  full: false,
  /** The code of the error that looking at the lock's folder ends with. */
  trouble: undefined as string | undefined,
}));

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return {
    ...fs,
    linkSync: (from: string, to: string) => {
      const happen = meanwhile.beforeLink;
      meanwhile.beforeLink = undefined;
      happen?.();
      if (!meanwhile.hardLinks) throw Object.assign(new Error("no links here"), { code: "EPERM" });
      fs.linkSync(from, to);
    },
    renameSync: (...args: Parameters<typeof fs.renameSync>) => {
      if (meanwhile.full) throw Object.assign(new Error("full"), { code: "ENOSPC" });
      fs.renameSync(...args);
    },
    accessSync: (...args: Parameters<typeof fs.accessSync>) => {
      const code = meanwhile.trouble;
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      fs.accessSync(...args);
    },
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "oidc-token-race-"));
  meanwhile.hardLinks = true;
  meanwhile.trouble = undefined;
  meanwhile.full = false;
});
afterEach(() => rmSync(folder, { recursive: true }));

const take = () => new ProcessLock([folder]).tryAcquire("a");

const entries = () => join(folder, readdirSync(folder)[0] as string);

test.each([true, false])(
  "a contender that comes late with an old listing does not win (hard links: %s)",
  async (hardLinks) => {
    meanwhile.hardLinks = hardLinks;
    await (await take())?.();
    meanwhile.beforeLink = () => {
      // A second owner has come and gone and the third, which has cleared away what was below, holds it.
      writeFileSync(join(entries(), "3"), '{"pid":1,"place":"elsewhere"}');
      rmSync(join(entries(), "1"));
    };
    expect(await take()).toBeUndefined();
    expect(readdirSync(entries())).toEqual(["3"]);
  },
);

test("a contender whose listing misses a later entry that is just being replaced does not win", async () => {
  await (await take())?.();
  // The later owner's entry is gone again before the second look, and its successor's not yet in that listing.
  meanwhile.beforeLink = () => rmSync(join(entries(), "1"));
  expect(await take()).toBeUndefined();
});

test("of two that see the same state one wins, also where the file system has no hard links", async () => {
  meanwhile.hardLinks = false;
  const both = await Promise.all([take(), take()]);
  expect(both.filter(Boolean)).toHaveLength(1);
  expect(readdirSync(entries())).toEqual(["1"]);
});

test.each(["EMFILE", "ENOSPC", "EIO"])(
  "a folder that is out of order for a moment (%s) is not left for the next one, where two would hold the lock",
  async (code) => {
    const next = join(folder, "next");
    meanwhile.trouble = code;
    const error = await new ProcessLock([folder, next]).tryAcquire("a").catch((reason) => reason);
    expect(error).toMatchObject({ name: "OidcTokenError", cause: { code } });
    expect(readdirSync(folder)).toEqual([]);
  },
);

test("a lock is given up on a full disk as well: its process may live on for days", async () => {
  const release = await take();
  meanwhile.full = true;
  await release?.();
  meanwhile.full = false;
  expect(await take()).toBeTypeOf("function");
});
