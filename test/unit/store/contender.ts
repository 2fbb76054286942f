// A process that takes a lock again and again; lock.test.ts bundles and starts it.
import { readFileSync, writeFileSync } from "node:fs";
import { ProcessLock } from "../../../src/store/lock.js";

const [mode, folder, inside] = process.argv.slice(2) as [string, string, string];
const lock = new ProcessLock([folder]);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function acquire(): Promise<() => Promise<void>> {
  for (;;) {
    const release = await lock.tryAcquire("the lock");
    if (release) return release;
    await pause(5 + Math.random() * 15);
  }
}

async function main(): Promise<void> {
  if (mode === "hold") {
    await acquire();
    console.log("held");
    await pause(60_000);
  }
  for (let round = 0; ; round++) {
    const release = await acquire();
    // Who is inside leaves its word and must find it again: of two that overlap, one finds the other's.
    const word = `${process.pid} ${round}`;
    writeFileSync(inside, word);
    await pause(Math.random() * 4);
    console.log(readFileSync(inside, "utf8") === word ? "alone" : "overlap");
    await release();
    await pause(Math.random() * 10);
  }
}

void main();
