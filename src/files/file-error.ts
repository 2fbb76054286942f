import { dirname } from "node:path";
import { type ErrorKind, OidcTokenError, tooManyFiles } from "../errors.js";
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

/** Something lies there, and is not what can be read; for fileError to word. */
export class Refused extends Error {
  readonly code: Refusal;

  constructor(code: Refusal) {
    super(code);
    this.code = code;
  }
}

export interface FileUse {
  readonly action: "read" | "write" | "create" | "delete";
  readonly path: string;
  /** Bytes. */
  readonly most?: number;
}

/** A sentence that goes on after the path, or after "cannot … the path" where it begins with a colon, and what to do. */
export type Wording = (use: FileUse) => readonly [sentence: string, hint: string];

/** How the troubles of one kind of file are told, by the system's or the refusal's code. */
export interface Words {
  readonly kind: ErrorKind;
  readonly by_code: Readonly<Record<string, Wording>>;
  /** What to do where nothing is known of the code. */
  readonly otherwise: string;
}

/** The system's name of the error, such as ENOENT, or one of `Refusal`. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "unknown error";
}

/**
 * The OidcTokenError for a file operation that failed, naming the path and what can be done; one such stays as it is.
 * Without other words it is of kind `store`.
 */
export function fileError(error: unknown, use: FileUse, words: Words = OF_STORE): OidcTokenError {
  if (error instanceof OidcTokenError) return error;
  const code = errorCode(error);
  // What is wrong with the process, and not with the file, may be over in a moment.
  const process = tooManyFiles(error);
  const [sentence, hint] = process
    ? [`: ${process.message}`, process.hint]
    : ((words.by_code[code] ?? COMMON[code])?.(use) ?? [`: (${code})`, words.otherwise]);
  const path = printable(use.path);
  const message = sentence.startsWith(":")
    ? `cannot ${use.action} ${path}${sentence}`
    : `${path} ${sentence}`;
  return new OidcTokenError(process?.kind ?? words.kind, message, hint, { cause: error });
}

const permission: Wording = ({ path }) => [
  ": permission denied",
  `look at its owner and mode, and those of the folders from ${printable(dirname(path))} upwards`,
];
const space: Wording = () => [": no space left", "free some space there and run the command again"];
const notFolder: Wording = () => [
  ": a part of that path is not a folder",
  "move that file away, or correct the path",
];
const isFolder: Wording = () => ["is a folder", "remove it or move it away"];

const COMMON: Words["by_code"] = {
  EACCES: permission,
  EPERM: permission,
  ENOSPC: space,
  EDQUOT: space,
  ENOENT: () => [": its folder does not exist and cannot be made", "make the folder, or correct the path"],
  ENOTDIR: notFolder,
  EEXIST: notFolder,
  EISDIR: isFolder,
  ENOTEMPTY: isFolder,
  folder: isFolder,
  ELOOP: () => [": it is a link that leads nowhere", "correct the link"],
};

const AGAIN = "remove it, then sign in again: oidc-token login";

/** Of what this program keeps for itself. */
const OF_STORE: Words = {
  kind: "store",
  by_code: {
    EROFS: () => [
      ": the file system is read-only",
      `put the data folder where you may write (XDG_DATA_HOME, XDG_RUNTIME_DIR for locks), or use store: "keyring"`,
    ],
    "not regular": () => ["is not a regular file", AGAIN],
    link: () => ["is a link", AGAIN],
    "another's": () => ["belongs to another user", AGAIN],
    "readable by others": ({ path }) => [
      "can be read by other users",
      `close it with: chmod 600 ${printable(path)}; where others may have read it, sign in again: oidc-token login`,
    ],
    "too large": ({ most = 0 }) => [`is larger than ${most / 1024} KiB`, AGAIN],
  },
  otherwise: "check the path, or choose the other store in the configuration",
};
