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
  stdout.on("error", (error) => {
    failure ??= error;
  });
  return async () => {
    await new Promise<void>((resolve) => {
      stdout.write("", (error) => {
        failure ??= error ?? undefined;
        resolve();
      });
    });
    const error = failure && stdoutFailure(failure);
    if (error) throw error;
  };
}
