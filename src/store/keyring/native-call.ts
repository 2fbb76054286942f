import { OidcTokenError } from "../../errors.js";

/** Known by a name to the whole process: the hot path is a bundle of its own with its own copy of this module. */
const ABANDONED = Symbol.for("oidc-token.abandoned-native-calls");
const shared = globalThis as { [ABANDONED]?: number };

/**
 * True while a native call that missed its deadline still holds a thread: then process.exit waits for that thread
 * for ever, so the process is to be ended with `endProcess`.
 */
export function nativeCallPending(): boolean {
  return (shared[ABANDONED] ?? 0) > 0;
}

/** The answer of a native call, or after `deadline` milliseconds an error of kind `store`. */
export async function withDeadline<T>(call: Promise<T>, deadline: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const count = (by: number): void => {
        shared[ABANDONED] = (shared[ABANDONED] ?? 0) + by;
      };
      count(1);
      const done = () => count(-1);
      call.then(done, done);
      reject(
        new OidcTokenError(
          "store",
          `the keyring did not answer within ${deadline / 1000} s`,
          'look for a prompt of the keyring on the desktop, or keep tokens in a file: "store": "file"',
        ),
      );
    }, deadline);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
