import { dirname } from "node:path";
import { OidcTokenError, tooManyFiles } from "../errors.js";
import { printable } from "../text.js";

/** What is wrong with something that can be opened: none of these is an error to the system. */
export type Refusal =
  | "folder"
  | "not regular"
  | "link"
  | "another's"
  | "readable by others"
  | "writable by others"
  | "too large";

/** What was done with a file, and what the failure is to the caller. */
export interface FileUse {
  /** `store`: a file this program made for itself. `configuration`: one that a person wrote. */
  readonly kind: "store" | "configuration";
  readonly action: "read" | "write" | "create" | "delete";
  readonly path: string;
  /** What the file should be, with an article. */
  readonly what?: string;
  /** Bytes. */
  readonly most?: number;
  /** What to do, whatever is wrong. */
  readonly hint?: string;
}

/** An error for fileError to word. */
export function refusal(code: Refusal): Error {
  return Object.assign(new Error(code), { code });
}

/** Something lies there, and is not what can be read. */
export function isRefusal(error: unknown): boolean {
  return Object.hasOwn(STATES, errorCode(error));
}

/** The system's name of the error, such as ENOENT, or one of `Refusal`. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "unknown error";
}

/** The OidcTokenError for a file operation that failed, naming the path and what can be done; one such stays as it is. */
export function fileError(error: unknown, use: FileUse): OidcTokenError {
  if (error instanceof OidcTokenError) return error;
  const code = errorCode(error);
  const path = printable(use.path);
  const state = STATES[code]?.(use);
  const reason = REASONS[code]?.(use);
  // What is wrong with the process, and not with the file, may be over in a moment.
  const process = tooManyFiles(error);
  const why = process ? `: ${process.message}` : (reason?.[0] ?? ` (${code})`);
  const message = state ? `${path} ${state[0]}` : `cannot ${use.action} ${path}${why}`;
  const hint = process?.hint ?? use.hint ?? (state ?? reason)?.[1] ?? OTHERWISE[use.kind];
  const unchanged = use.kind === "configuration" && use.action === "write" ? "nothing was changed; " : "";
  return new OidcTokenError(process?.kind ?? use.kind, message, `${unchanged}${hint}`, { cause: error });
}

type Wording = (use: FileUse) => readonly [sentence: string, hint: string];

const AGAIN = "remove it, then sign in again: oidc-token login";
const OTHERWISE = {
  store: "check the path, or choose the other store in the configuration",
  configuration: "look at that place, or name another file",
} as const;

/** How it goes on after the path. */
const STATES: Readonly<Record<string, Wording>> = {
  folder: ({ kind, what }) => [
    "is a folder",
    kind === "store" ? "remove it or move it away" : `name ${what} inside it`,
  ],
  "not regular": ({ kind, what }) => [
    "is not a regular file",
    kind === "store" ? AGAIN : `name ${what}; a pipe or a device could block every call`,
  ],
  link: () => ["is a link", AGAIN],
  "another's": ({ kind, path }) => [
    kind === "store" ? "belongs to another user" : "belongs to another user, so it is not read",
    kind === "store"
      ? AGAIN
      : `make it your own: chown "$USER" ${printable(path)}; or name another with --config`,
  ],
  "writable by others": ({ path }) => [
    "can be written to by other users, so it is not read",
    `look through it, then close it: chmod go-w ${printable(path)}`,
  ],
  "readable by others": ({ path }) => [
    "can be read by other users",
    `close it with: chmod 600 ${printable(path)}; where others may have read it, sign in again: oidc-token login`,
  ],
  "too large": ({ kind, most = 0, what }) => [
    `is larger than ${most / 1024} KiB`,
    kind === "store" ? AGAIN : `check that it is the file you mean: ${what} is never that large`,
  ],
};

const permission: Wording = ({ path }) => [
  ": permission denied",
  `look at its owner and mode, and those of the folders from ${printable(dirname(path))} upwards`,
];
const space: Wording = () => [": no space left", "free some space there and run the command again"];
const notFolder: Wording = () => [
  ": a part of that path is not a folder",
  "move that file away, or correct the path",
];
const isFolder: Wording = () => [": it is a folder", "remove it or move it away"];

const REASONS: Readonly<Record<string, Wording>> = {
  EACCES: permission,
  EPERM: permission,
  EROFS: ({ kind }) => [
    ": the file system is read-only",
    kind === "store"
      ? `put the data folder where you may write (XDG_DATA_HOME, XDG_RUNTIME_DIR for locks), or use store: "keyring"`
      : "name another file with --config",
  ],
  ENOSPC: space,
  EDQUOT: space,
  ENOENT: () => [": its folder does not exist and cannot be made", "make the folder, or correct the path"],
  ENOTDIR: notFolder,
  EEXIST: notFolder,
  EISDIR: isFolder,
  ENOTEMPTY: isFolder,
  ELOOP: () => [": it is a link that leads nowhere", "correct the link"],
};
