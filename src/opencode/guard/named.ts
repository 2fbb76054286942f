import { isAbsolute } from "node:path";

/** A path that a call names. */
export interface Named {
  /** Absolute, as it is written: `..` may come after a link, and links are not followed yet. */
  readonly path: string;
  /** Everything below it is read. */
  readonly searches?: boolean;
  /** A shell expands it. */
  readonly has_globs?: boolean;
}

/** A path in a folder, as it is written. */
export function placed(path: string, folder: string): string {
  return isAbsolute(path) ? path : `${folder}/${path}`;
}
