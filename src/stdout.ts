import { OidcTokenError } from "./errors.js";

/** The error for output that did not arrive, on a full disk, say; undefined where the reader has had enough. */
export function stdoutFailure(error: NodeJS.ErrnoException): OidcTokenError | undefined {
  if (error.code === "EPIPE") return undefined;
  return new OidcTokenError(
    "temporary",
    `the output could not be written: ${error.code ?? error.name}`,
    "make room where stdout goes, then run it again",
  );
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
