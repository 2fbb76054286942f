import type { Context } from "../context.js";
import { interrupted, OidcTokenError } from "../errors.js";
import { programPath } from "../programs/program-path.js";

/** Bytes. */
const LONGEST = 65_536;

/**
 * What a program prints, run without a shell and without input, within so many seconds. `key` is the profile's key. What
 * it says on stderr is not shown: it may hold a secret. Throws `temporary` where it takes too long, else `configuration`.
 */
export async function outputOf(
  key: string,
  argv: readonly string[],
  seconds: number,
  context: Pick<Context, "env" | "interrupted" | "platform">,
): Promise<string> {
  const { execFile } = await import("node:child_process");
  const [program = "", ...args] = argv;
  const path = programPath(program, context);
  const { error, stdout } = await new Promise<{ error: Error | null; stdout: string }>((resolve) => {
    const options = {
      env: context.env as NodeJS.ProcessEnv,
      timeout: seconds * 1000,
      killSignal: "SIGKILL" as const,
      maxBuffer: LONGEST,
      signal: context.interrupted,
      windowsHide: true,
    };
    const child = execFile(path, args, options, (error, stdout) => resolve({ error, stdout }));
    child.stdin?.end();
  });
  const token = stdout.trim();
  if (!error && token !== "" && !/\s/.test(token)) return token;
  if (context.interrupted.aborted) {
    throw interrupted();
  }
  const fail = (how: string, hint: string, kind: "configuration" | "temporary" = "configuration") =>
    new OidcTokenError(kind, `the command for "${key}", ${program}, ${how}`, hint);
  const { code, killed } = (error ?? {}) as { code?: unknown; killed?: boolean };
  const by_hand = "run it by hand to see why; it must print the token and nothing else";
  if (code === "ENOENT") throw fail("is not there", "install it, or write its full path");
  if (code === "EACCES") throw fail("may not be run", "look at its mode and owner");
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") throw fail("prints too much for a token", by_hand);
  if (killed) {
    throw fail(
      `did not end within ${seconds} s`,
      "try again; `timeout` in the profile is how long it may take",
      "temporary",
    );
  }
  if (error) throw fail(typeof code === "number" ? `ended with code ${code}` : "was ended", by_hand);
  throw fail(token === "" ? "printed nothing" : "printed more than one word", by_hand);
}
