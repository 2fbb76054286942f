import { writeSync } from "node:fs";
import { OidcTokenError } from "./errors.js";

/** Where answers go. What comes of a write is told at the end, by `arrived`. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** `arrived` throws an OidcTokenError of kind `temporary` where something written did not arrive. */
export interface Stdout {
  readonly stream: Output;
  arrived(): Promise<void>;
}

/** The error for output that did not arrive, on a full disk, say; undefined where the reader has had enough. */
function stdoutFailure(error: NodeJS.ErrnoException): OidcTokenError | undefined {
  if (error.code === "EPIPE") return undefined;
  return new OidcTokenError(
    "temporary",
    `the output could not be written: ${error.code ?? error.name}`,
    "make room where stdout goes, then run it again",
  );
}

/**
 * Straight to the descriptor: `process.stdout` takes longer to set up than all the rest of a cached `get`.
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

/** Stdout by `print`. After a failure nothing more is written. */
export function straightStdout(): Stdout {
  let failure: unknown;
  const write = (text: string): void => {
    if (failure !== undefined) return;
    try {
      print(text);
    } catch (error) {
      failure = error;
    }
  };
  return {
    stream: { write },
    arrived: async () => {
      if (failure !== undefined) throw failure;
    },
  };
}

/**
 * Watches a stream from now on. The function it answers waits until everything written has arrived, and throws an
 * OidcTokenError of kind `temporary` where it has not: exit code 0 must mean that the caller has its answer.
 */
export function watchStdout(stdout: NodeJS.WriteStream): () => Promise<void> {
  let failure: Error | undefined;
  const fail = (error: Error | null | undefined): void => {
    failure ??= error ?? undefined;
  };
  stdout.on("error", fail);
  const under_way = new Set<Promise<void>>();
  const write = stdout.write.bind(stdout) as (text: string, done: (error?: Error | null) => void) => boolean;
  // Bun tells of a write that failed only the one who made it.
  stdout.write = ((text: string, ...rest: unknown[]): boolean => {
    const done = rest.at(-1);
    let flows = true;
    const arrival = new Promise<void>((resolve) => {
      flows = write(text, (error) => {
        fail(error);
        resolve();
        if (typeof done === "function") done(error);
      });
    });
    under_way.add(arrival);
    void arrival.then(() => under_way.delete(arrival));
    return flows;
  }) as typeof stdout.write;
  return async () => {
    stdout.write("");
    while (under_way.size > 0) await Promise.all(under_way);
    const error = failure && stdoutFailure(failure);
    if (error) throw error;
  };
}
