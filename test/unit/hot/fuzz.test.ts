import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { version } from "../../../package.json";
import { isOidcTokenError } from "../../../src/errors.js";
import { FORMATS, type FormatName, formatTokens } from "../../../src/formats/output.js";
import { getStored } from "../../../src/hot/get-stored.js";
import { type Snapshot, snapshotKey } from "../../../src/hot/snapshot.js";
import { userPaths } from "../../../src/paths.js";
import { isFresh } from "../../../src/token/freshness.js";
import { fromRecord, toRecord } from "../../../src/token/record.js";
import { fuzzCount, randomNumbers } from "../../support/fuzz.js";
import { mutations } from "../../support/mutations.js";

/** Of each kind. */
const INPUTS = fuzzCount(10_000);
const CANARY = "canary-refresh-token-7f3a";
const TIME = Math.max(60_000, INPUTS * 3);

const printed = vi.hoisted(() => ({ text: "" }));
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return {
    ...fs,
    writeSync: (fd: number, bytes: Buffer, ...rest: []) => {
      if (fd !== 1) return fs.writeSync(fd, bytes, ...rest);
      printed.text += bytes.toString("utf8");
      return bytes.length;
    },
  };
});

/** What lies in the two files: the disk would take most of the time. */
const files = vi.hoisted(() => ({ snapshot: "", record: "" }));
vi.mock("../../../src/files/read.js", async (original) => ({
  ...(await original<typeof import("../../../src/files/read.js")>()),
  readKept: () => files.snapshot,
  readPrivate: () => files.record,
}));

let data: string;
const before = process.env.XDG_DATA_HOME;
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), "oidc-token-fuzz-"));
  process.env.XDG_DATA_HOME = data;
  mkdirSync(join(data, "oidc-token", "tokens"), { recursive: true, mode: 0o700 });
});
afterAll(() => {
  if (before === undefined) delete process.env.XDG_DATA_HOME;
  else process.env.XDG_DATA_HOME = before;
  rmSync(data, { recursive: true, force: true });
});

const now = Date.now() / 1000;
const tokens = {
  access_token: "eyJ.access.token",
  token_type: "Bearer",
  obtained_at: now - 10,
  expires_at: now + 36_000,
  refresh_token: CANARY,
  id_token: "eyJ.id.token",
  scope: "openid",
};
const facts: Omit<Snapshot, "files"> = {
  account: "dev-1a2b3c",
  store: "file",
  format: "token",
  header: "Authorization",
  header_scheme: "Bearer",
  id_token: false,
  min_validity: 60,
  refresh_before: 300,
  unattended: false,
  allowed_origins: ["https://llm.example.test"],
};
const argv = ["get"];
const key = snapshotKey(argv, {}, process.cwd(), userPaths().config) ?? "";
const snapshotOf = (format: FormatName): object => ({
  version,
  entries: { [key]: { files: [["/nonexistent/config.jsonc", null]], ...facts, format } },
});

/** Every output is one printable line, every failure a sentence; `true` where a token was printed. */
async function check(): Promise<boolean> {
  printed.text = "";
  try {
    const done = await getStored(argv, {});
    if (done !== (printed.text !== "")) throw new Error(`answered ${done}, printed ${printed.text}`);
  } catch (error) {
    if (!isOidcTokenError(error)) throw error;
    const said = `${error.message}\n${error.hint}`;
    if (!/^[\x20-\x7e…]{1,5000}\n[\x20-\x7e…]{1,5000}$/.test(said)) throw new Error(`said ${said}`);
  }
  if (!/^(?:[\x20-\x7e]+\n)?$/.test(printed.text)) throw new Error(`printed ${JSON.stringify(printed.text)}`);
  if (printed.text.includes(CANARY)) throw new Error("printed the refresh token");
  return printed.text !== "";
}

describe(`${INPUTS} inputs bring no crash, no secret, and one printable line a token:`, () => {
  it("a snapshot", { timeout: TIME }, async () => {
    files.record = toRecord(tokens);
    files.snapshot = JSON.stringify(snapshotOf("token"));
    expect(await check()).toBe(true);
    const next = mutations(snapshotOf("token"), randomNumbers(1));
    let served = 0;
    for (let input = 0; input < INPUTS; input += 1) {
      files.snapshot = next();
      if (await check()) served += 1;
    }
    // The fuzz reaches both ends.
    expect(served).toBeGreaterThan(INPUTS / 100);
    expect(served).toBeLessThan(INPUTS / 2);
  });

  it("a stored record, on the hot path", { timeout: TIME }, async () => {
    const next = mutations({ v: 1, ...tokens }, randomNumbers(2));
    let served = 0;
    for (let input = 0; input < INPUTS; input += 1) {
      const formats = Object.keys(FORMATS) as FormatName[];
      if (input % 1000 === 0)
        files.snapshot = JSON.stringify(snapshotOf(formats[(input / 1000) % formats.length] as FormatName));
      files.record = next();
      if (await check()) served += 1;
    }
    expect(served).toBeGreaterThan(INPUTS / 100);
    expect(served).toBeLessThan(INPUTS);
  });

  it("a stored record, in every format", { timeout: TIME }, () => {
    const next = mutations({ v: 1, ...tokens }, randomNumbers(3));
    for (let input = 0; input < INPUTS; input += 1) {
      const read = fromRecord(next());
      if (!read || !isFresh(read, { now, min_validity: undefined }, facts)) continue;
      for (const format of Object.keys(FORMATS) as FormatName[]) {
        const text = formatTokens(format, read, facts, now, {});
        if (!/^[\x20-\x7e]+\n$/.test(text)) throw new Error(`${format}: ${JSON.stringify(text)}`);
        if (text.includes(CANARY)) throw new Error(`${format} holds the refresh token`);
      }
    }
  });
});
