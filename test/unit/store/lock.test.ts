import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProcessLock } from "../../../src/store/lock.js";

const built = mkdtempSync(join(tmpdir(), "oidc-token-contender-"));
const script = join(built, "contender.cjs");
const children = new Set<ChildProcess>();

beforeAll(() => {
  buildSync({
    entryPoints: [new URL("contender.ts", import.meta.url).pathname],
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: script,
  });
});
afterAll(async () => {
  for (const child of [...children]) await stop(child);
  rmSync(built, { recursive: true });
});

/** A folder of its own for each test, since some run at the same time. */
function makeFolder(): string {
  return join(mkdtempSync(join(built, "run-")), "locks");
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function start(mode: "hold" | "contend", runtime: string, line: (line: string) => void): ChildProcess {
  const child = spawn(process.execPath, [script, mode, runtime, `${runtime}.inside`], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 40_000,
    killSignal: "SIGKILL",
  });
  children.add(child);
  child.on("exit", () => children.delete(child));
  child.stdout?.on("data", (text) => {
    for (const one of String(text).trim().split("\n")) line(one);
  });
  return child;
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.on("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

function startHolder(runtime: string): Promise<ChildProcess> {
  return new Promise((resolve) => {
    const child = start("hold", runtime, (line) => line === "held" && resolve(child));
  });
}

/** Milliseconds until somebody who asks again and again gets the lock; undefined if not within `limit`. */
async function timeToAcquire(lock: ProcessLock, limit: number): Promise<number | undefined> {
  const started = performance.now();
  while (performance.now() - started < limit) {
    const release = await lock.tryAcquire("the lock");
    if (release) {
      await release();
      return performance.now() - started;
    }
    await pause(20);
  }
  return undefined;
}

const lockFolder = (runtime: string) => join(runtime, readdirSync(runtime)[0] as string);

describe("a lock", () => {
  test("is held by one at a time, is free after release, and one name does not block another", async () => {
    const runtime = makeFolder();
    const one = new ProcessLock([runtime]);
    const two = new ProcessLock([runtime]);
    const release = await one.tryAcquire("the lock");
    expect(release).toBeTypeOf("function");
    expect(await two.tryAcquire("the lock")).toBeUndefined();
    expect(await two.tryAcquire("The Lock/../x")).toBeTypeOf("function");
    await release?.();
    const again = await two.tryAcquire("the lock");
    expect(again).toBeTypeOf("function");
    await release?.(); // a second release does not give away what now belongs to another
    expect(await one.tryAcquire("the lock")).toBeUndefined();
  });

  test("leaves one entry behind, however often it was taken", async () => {
    const runtime = makeFolder();
    const lock = new ProcessLock([runtime]);
    for (let round = 0; round < 25; round++) await (await lock.tryAcquire("the lock"))?.();
    expect(readdirSync(lockFolder(runtime))).toEqual(["25"]);
  });

  test("is never held by two of 20 processes, of which some are killed at random moments", {
    timeout: 60_000,
  }, async () => {
    const runtime = makeFolder();
    const words = { alone: 0, overlap: 0 };
    let longestWait = 0;
    let last: number | undefined;
    const line = (word: string) => {
      words[word as keyof typeof words]++;
      longestWait = Math.max(longestWait, last === undefined ? 0 : performance.now() - last);
      last = performance.now();
    };
    const contenders = Array.from({ length: 20 }, () => start("contend", runtime, line));
    let kills = 0;
    let due = 1;
    const deadline = performance.now() + 30_000;
    while (performance.now() < deadline && (words.alone < 200 || kills < 10)) {
      await pause(50);
      // By their progress: on a busy machine the start of others in their place would take all of its time.
      if (words.alone < due) continue;
      due = words.alone + 10;
      const at = Math.floor(Math.random() * contenders.length);
      contenders[at]?.kill("SIGKILL");
      contenders[at] = start("contend", runtime, line);
      kills++;
    }
    for (const contender of contenders) await stop(contender);
    expect(words.overlap).toBe(0);
    expect(words.alone).toBeGreaterThanOrEqual(200);
    expect(kills).toBeGreaterThanOrEqual(10);
    expect(longestWait).toBeLessThan(5_000);
  });

  test("of a killed process is taken over at once", async () => {
    const runtime = makeFolder();
    await stop(await startHolder(runtime));
    expect(await timeToAcquire(new ProcessLock([runtime]), 5_000)).toBeLessThan(1_000);
  });

  test.skipIf(process.platform === "win32")(
    "of a killed process whose parent has not noticed is free",
    async () => {
      const runtime = makeFolder();
      // The shell neither waits for its child nor ends, so the killed child stays as a zombie.
      const shell = spawn(
        "sh",
        [
          "-c",
          `"$1" "$2" hold "$3" "$3.inside" & echo $!; exec sleep 30`,
          "sh",
          process.execPath,
          script,
          runtime,
        ],
        { stdio: ["ignore", "pipe", "inherit"], timeout: 30_000, killSignal: "SIGKILL" },
      );
      children.add(shell);
      let output = "";
      shell.stdout.on("data", (text) => {
        output += text;
      });
      while (!output.includes("held")) await pause(10);
      process.kill(Number.parseInt(output, 10), "SIGKILL");
      expect(await timeToAcquire(new ProcessLock([runtime]), 10_000)).toBeLessThan(5_000);
    },
  );

  test.skipIf(process.platform !== "linux")(
    "of a process whose number another one now has is free",
    async () => {
      const runtime = makeFolder();
      const lock = new ProcessLock([runtime]);
      await lock.tryAcquire("the lock");
      const { place } = JSON.parse(readFileSync(join(lockFolder(runtime), "1"), "utf8"));
      writeFileSync(join(lockFolder(runtime), "2"), JSON.stringify({ pid: process.pid, start: "1", place }));
      expect(await timeToAcquire(new ProcessLock([runtime]), 1_000)).toBeLessThan(1_000);
    },
  );
});

describe.concurrent("a lock", () => {
  test.skipIf(process.platform !== "linux")("of a stopped process is not taken away", async () => {
    const runtime = makeFolder();
    const holder = await startHolder(runtime);
    holder.kill("SIGSTOP");
    expect(await timeToAcquire(new ProcessLock([runtime]), 6_500)).toBeUndefined();
    await stop(holder);
    expect(await timeToAcquire(new ProcessLock([runtime]), 5_000)).toBeLessThan(1_000);
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "\u0000{{{"],
    ["JSON of another shape", '{"pid":"1","place":7}'],
    ["an owner on another machine", '{"pid":1,"start":"5","place":"elsewhere"}'],
  ])("with an entry that holds %s is taken over after 5 s of silence", async (_, content) => {
    const runtime = makeFolder();
    await (await new ProcessLock([runtime]).tryAcquire("the lock"))?.();
    writeFileSync(join(lockFolder(runtime), "7"), content);
    const waited = await timeToAcquire(new ProcessLock([runtime]), 8_000);
    expect(waited).toBeGreaterThan(4_900);
    expect(waited).toBeLessThan(7_000);
  });

  test("of another machine's process is not taken away while its heartbeat goes on", async () => {
    const runtime = makeFolder();
    await (await new ProcessLock([runtime]).tryAcquire("the lock"))?.();
    const entry = join(lockFolder(runtime), "7");
    const beat = () => writeFileSync(entry, '{"pid":1,"start":"5","place":"elsewhere"}');
    beat();
    const timer = setInterval(beat, 1_000);
    expect(await timeToAcquire(new ProcessLock([runtime]), 6_500)).toBeUndefined();
    clearInterval(timer);
  });
});

describe("where the best folder cannot be used", () => {
  test.skipIf(process.platform === "win32")("the next one is, by all alike", async () => {
    const [first, second] = [makeFolder(), makeFolder()];
    mkdirSync(first);
    chmodSync(first, 0o777);
    const release = await new ProcessLock([first, second]).tryAcquire("the lock");
    expect(release).toBeTypeOf("function");
    expect(await new ProcessLock([first, second]).tryAcquire("the lock")).toBeUndefined();
    expect(readdirSync(first)).toEqual([]);
    await release?.();
  });
});

describe("a folder that cannot be used", () => {
  const failure = (path: string) => new ProcessLock([path]).tryAcquire("the lock").catch((error) => error);

  test("is named in an error of kind store: a file in its place", async () => {
    const runtime = makeFolder();
    writeFileSync(runtime, "");
    const error = await failure(runtime);
    expect(error).toMatchObject({ kind: "store" });
    expect(error.message).toContain(runtime);
  });

  test.skipIf(process.platform === "win32")(
    "is named in an error of kind store: others may write to it",
    async () => {
      const runtime = makeFolder();
      mkdirSync(runtime);
      chmodSync(runtime, 0o777);
      const error = await failure(runtime);
      expect(error).toMatchObject({ kind: "store", hint: `close it: chmod 700 ${runtime}` });
      expect(error.message).toBe(`${runtime} can be written to by other users`);
    },
  );

  test.skipIf(process.getuid === undefined)(
    "is named in an error of kind store: another owner's",
    async () => {
      const runtime = makeFolder();
      mkdirSync(runtime);
      const error = await new ProcessLock([runtime], 4_242).tryAcquire("the lock").catch((e) => e);
      expect(error).toMatchObject({ kind: "store", message: `${runtime} belongs to another user` });
    },
  );

  test.skipIf(process.getuid?.() === 0 || process.platform === "win32")(
    "is named in an error of kind store: not writable",
    async () => {
      const runtime = makeFolder();
      mkdirSync(runtime);
      chmodSync(runtime, 0o500);
      const error = await failure(runtime);
      expect(error).toMatchObject({ kind: "store" });
      expect(error.message).toContain(runtime);
    },
  );
});
