import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileLog } from "../../../src/files/log-file.js";
import { LOG_LEVELS, type LogLevel } from "../../../src/log.js";
import { Redactor } from "../../../src/redact.js";

const PRIVATE = 0o600;
const MIB = 1024 * 1024;

let home: string;
let dir: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "oidc-token-log-"));
  dir = join(home, "state", "oidc-token");
  file = join(dir, "oidc-token.log");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const logAt = (level: LogLevel, redact = (text: string) => text) => fileLog(dir, level, redact);
const lines = (path = file): Record<string, unknown>[] =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("a line in the log", () => {
  it("is one JSON object with time, level, process, message and what goes with it", () => {
    logAt("debug").info("tokens stored", { profile: "okta", expires_at: 12, again: false, none: undefined });
    const [line] = lines();
    expect(line).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: "info",
      pid: process.pid,
      msg: "tokens stored",
      profile: "okta",
      expires_at: 12,
      again: false,
    });
  });

  it("stays one line, whatever the message holds", () => {
    logAt("debug").warn('first\nsecond\u2028third"}\n{"level":"error"', { field: "a\nb" });
    expect(lines()).toHaveLength(1);
  });

  it("keeps its message where a field is called msg", () => {
    logAt("debug").warn("the message", { msg: "another" });
    expect(lines()[0]?.msg).toBe("the message");
  });

  it("follows those of earlier processes", () => {
    logAt("warn").warn("first");
    logAt("warn").warn("second");
    expect(lines().map((line) => line.msg)).toEqual(["first", "second"]);
  });
});

describe("the level", () => {
  it.each(LOG_LEVELS)("%s lets through what is at least as serious", (level) => {
    const log = logAt(level);
    for (const severity of ["error", "warn", "info", "debug"] as const) log[severity](severity);
    const expected = LOG_LEVELS.slice(1, LOG_LEVELS.indexOf(level) + 1);
    expect(existsSync(file) ? lines().map((line) => line.level) : []).toEqual(expected);
  });

  it("that lets nothing through does not even make the folder", () => {
    logAt("warn").info("silent");
    expect(existsSync(dir)).toBe(false);
  });
});

describe("no secret", () => {
  it("is written, neither as message nor as name or value of a field, escaped or not", () => {
    const secret = 'canary "7f3a" \\ secret';
    const redactor = new Redactor();
    redactor.add(secret);
    const log = logAt("debug", (text) => redactor.apply(text));
    log.error(`refused: ${secret}`, { value: secret, [secret]: "name" });
    log.debug("Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl");
    const text = readFileSync(file, "utf8");
    expect(text).not.toContain("7f3a");
    expect(text).not.toContain("c2lnbmF0dXJl");
    expect(lines()).toHaveLength(2);
  });
});

describe.skipIf(process.platform === "win32")("the file", () => {
  const mode = (path: string) => statSync(path).mode & 0o777;

  it("is for this user alone, and so is the folder, whatever the umask", () => {
    const before = process.umask(0);
    try {
      logAt("warn").warn("x");
    } finally {
      process.umask(before);
    }
    expect(mode(file)).toBe(PRIVATE);
    expect(mode(dir)).toBe(0o700);
  });

  it("is made private where it was open to others", () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(file, "", { mode: 0o644 });
    chmodSync(file, 0o644);
    logAt("warn").warn("x");
    expect(mode(file)).toBe(PRIVATE);
    expect(lines()).toHaveLength(1);
  });

  it("is not written through a link, which somebody else may have laid", () => {
    const target = join(home, "target");
    writeFileSync(target, "untouched");
    mkdirSync(dir, { recursive: true });
    symlinkSync(target, file);
    logAt("warn").warn("x");
    expect(readFileSync(target, "utf8")).toBe("untouched");
  });

  it("is not waited for where it is a pipe that nobody reads", () => {
    mkdirSync(dir, { recursive: true });
    execFileSync("mkfifo", [file], { timeout: 5000 });
    logAt("warn").warn("x");
    expect(statSync(file).isFIFO()).toBe(true);
  });

  it.each<[string, () => void]>([
    ["the folder is a file", () => writeFileSync(join(home, "state"), "")],
    ["the file is a folder", () => mkdirSync(file, { recursive: true })],
  ])("keeps nobody from a token where %s", (_what, arrange) => {
    arrange();
    expect(() => logAt("debug").error("x")).not.toThrow();
  });

  it.skipIf(process.getuid?.() === 0)("keeps nobody from a token where its folder cannot be written", () => {
    mkdirSync(join(home, "state"), { mode: 0o500 });
    expect(() => logAt("debug").error("x")).not.toThrow();
    chmodSync(join(home, "state"), 0o700);
  });
});

describe("a log that has grown over 1 MiB", () => {
  beforeEach(() => mkdirSync(dir, { recursive: true, mode: 0o700 }));

  it("is moved to .1 in place of the one before, and a new one is begun", () => {
    writeFileSync(file, `${"x".repeat(MIB)}\n`, { mode: PRIVATE });
    writeFileSync(`${file}.1`, "the one before");
    const log = logAt("warn");
    log.warn("the last of the old");
    expect(existsSync(file)).toBe(false);
    expect(readFileSync(`${file}.1`, "utf8")).toContain("the last of the old");
    log.warn("the first of the new");
    expect(lines().map((line) => line.msg)).toEqual(["the first of the new"]);
  });

  it("stays while it is smaller, so that no more than 2 MiB are ever kept", () => {
    writeFileSync(file, `${"x".repeat(MIB - 1000)}\n`, { mode: PRIVATE });
    logAt("warn").warn("still fits");
    expect(readdirSync(dir)).toEqual(["oidc-token.log"]);
  });
});
