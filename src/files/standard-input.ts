import { constants, fstatSync, openSync } from "node:fs";

/** Stdin once more, where it is a pipe: opened anew, so that only this process does not block on it. Linux alone has that. */
export function pipeThatNeverBlocks(): number | undefined {
  try {
    if (process.platform !== "linux" || !fstatSync(0).isFIFO()) return undefined;
    return openSync("/proc/self/fd/0", constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}
