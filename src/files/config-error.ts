import { OidcTokenError } from "../errors.js";
import { printable } from "../text.js";
import { type FileUse, fileError } from "./file-error.js";

/**
 * As fileError, of kind `configuration`: for a file that a person wrote. `what` it should be, with an article; `hint`
 * in place of the one that goes with the trouble.
 */
export function configError(
  error: unknown,
  use: FileUse,
  { what = "a file", hint }: { readonly what?: string; readonly hint?: string } = {},
): OidcTokenError {
  if (error instanceof OidcTokenError) return error;
  const told = fileError(error, use, {
    kind: "configuration",
    by_code: {
      EROFS: () => [": the file system is read-only", "name another file with --config"],
      folder: () => ["is a folder", `name ${what} inside it`],
      "not regular": () => [
        "is not a regular file",
        `name ${what}; a pipe or a device could block every call`,
      ],
      "another's": ({ path }) => [
        "belongs to another user, so it is not read",
        `run this as its owner (in a container: --user), or make it your own: chown "$(id -u)" ${printable(path)}; or name another with --config`,
      ],
      "writable by others": ({ path }) => [
        "can be written to by other users, so it is not read",
        `look through it, then close it: chmod go-w ${printable(path)}`,
      ],
      "too large": ({ most = 0 }) => [
        `is larger than ${most / 1024} KiB`,
        `check that it is the file you mean: ${what} is never that large`,
      ],
    },
    otherwise: "look at that place, or name another file",
  });
  const unchanged = use.action === "write" ? "nothing was changed; " : "";
  return new OidcTokenError(told.kind, told.message, unchanged + (hint ?? told.hint), { cause: error });
}
