import { writeSync } from "node:fs";
import { stdoutFailure } from "../stdout.js";

/**
 * Straight to the descriptor: `process.stdout` takes longer to set up than all of the rest.
 *
 * @throws OidcTokenError of kind `temporary` where stdout takes nothing
 */
export function print(text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") {
        const failure = stdoutFailure(error as NodeJS.ErrnoException);
        if (failure) throw failure;
        return;
      }
      // A full pipe that another process has made non-blocking: give its reader a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
