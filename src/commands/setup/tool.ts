import type { FileFormat } from "../../files/edit/editor.js";
import type { Place } from "../../files/edit/place.js";
import type { Json } from "../../files/jsonc-edit.js";
import type { Environment } from "../../paths.js";

/** What a tool's own text is made of; every field has a value, a placeholder where nobody has said. */
export interface Asked {
  readonly profile: string;
  /** Of the profile; no slash at the end. */
  readonly base_url: string;
  /** The tool's server. */
  readonly url: URL;
  readonly role: string;
  readonly audience: string;
  /** The words that run this program: absolute paths, and what comes after. Profile and configuration file are added. */
  command(...words: readonly string[]): readonly string[];
  /** The same as one line for a shell. */
  line(...words: readonly string[]): string;
  /** A private program of this name that runs such a command; its path. `script` takes the place of the command's line. */
  shim(name: string, words: readonly string[], script?: string): Shim;
  /** The folder of this package, where it is a clone of its source rather than what npm has. */
  readonly clone: string | undefined;
  /** Whether a shell finds a program of this name. */
  isOnPath(name: string): boolean;
  /** Where private programs are. */
  readonly programs: string;
  readonly home: string;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
}

/** A program of our own for tools that only take a path, or that look for a name. */
export interface Shim {
  readonly path: string;
  readonly edit: FileEdit;
}

/**
 * One value in one file. `add` puts it into a list there that may hold others, unless it is there by the name `or`; `among`
 * stands in one that is not yet there.
 */
export type Setting =
  | { readonly place: Place; readonly value: Json }
  | { readonly place: Place; readonly add: string; readonly or?: string; readonly among?: readonly string[] };

export interface FileEdit {
  readonly path: string;
  readonly format: FileFormat;
  readonly settings: readonly Setting[];
  readonly executable?: boolean;
  /** What must not stand in the file, and why. */
  readonly unless?: readonly [pattern: RegExp, reason: string];
}

export interface Plan {
  readonly edits: readonly FileEdit[];
  /** How the tool is started, or what else to run, in shell lines; for the person. */
  readonly next?: readonly string[];
}

export type Need = "base_url" | "url" | "role" | "audience";

/** What `setup` and docs/tools.md know of a tool. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  /** In which form it sends the token: `bearer` can't serve a profile with a header of its own. */
  readonly sends: "bearer" | "headers" | "id_token";
  readonly needs: readonly Need[];
  /** The host is asked for by the tool itself, so it must be among the profile's `allowed_origins`. */
  readonly asks_for_host?: boolean;
  /** It takes a shell script in between. */
  readonly posix_only?: boolean;
  /** What it does with the token: when it asks, how long it keeps it, what a 401 does. */
  readonly says: string;
  plan(asked: Asked): Plan;
}

/** A minimum that outlives what agents keep a token for without knowing its expiry: five minutes. */
export const OUTLIVES_CACHE = ["--min-validity", "360"] as const;
