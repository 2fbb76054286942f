import type { JsonOptions } from "../../arguments.js";
import type { LoadedConfig } from "../../config/load.js";
import type { Context } from "../../context.js";
import { type ErrorKind, isOidcTokenError, type OidcTokenError } from "../../errors.js";
import { given } from "../../given.js";
import type { Profile } from "../../profile.js";
import type { ProfileAccess } from "../../session/access.js";
import type { FoundServer } from "../../token/discovery.js";
import type { TokenSet } from "../../token/token-set.js";

/** What a check has found: the cause in a lowercase sentence, and the mend. */
export interface Told {
  readonly result: "pass" | "warn" | "fail" | "skip";
  readonly detail: string;
  readonly hint?: string;
  /** Lines for whoever runs the provider, where only they can mend it. */
  readonly paste?: string;
  /** Whose exit code a failure has. */
  readonly kind?: ErrorKind;
}

/** What is looked at before any profile. */
export interface Machine {
  readonly context: Context;
  readonly options: JsonOptions;
  /** Undefined where it can't be read; the reason is the check "configuration"'s. */
  readonly config: LoadedConfig | undefined;
}

/** One profile, and what its earlier checks have brought for the later ones. */
export interface Patient {
  readonly context: Context;
  readonly profile: Profile;
  readonly access: ProfileAccess;
  /** The fetch of this profile's requests. */
  network(): Promise<Context>;
  /** The `Date` of the provider's answer, and when it came; seconds since the epoch. */
  date?: { readonly theirs: number; readonly ours: number };
  server?: FoundServer;
  tokens?: TokenSet;
}

/** One thing that is looked at. */
export interface Check<On> {
  readonly name: string;
  /** Checks that must not have failed, or this one would only say the same again. */
  readonly after?: readonly string[];
  /** After which it counts as failed. */
  readonly seconds: number;
  run(on: On): Promise<Told | readonly Told[]>;
}

export function pass(detail: string): Told {
  return { result: "pass", detail };
}

export function skip(detail: string): Told {
  return { result: "skip", detail };
}

export function warn(detail: string, hint: string): Told {
  return { result: "warn", detail, hint };
}

export function fail(detail: string, hint: string, kind: ErrorKind = "configuration", paste?: string): Told {
  return { result: "fail", detail, hint, kind, ...given({ paste }) };
}

/** What one of this program's own errors says; any other is thrown again. */
export function failed(error: unknown, paste?: string): Told {
  const { message, hint, kind } = own(error);
  return fail(message, hint, kind, paste);
}

export function own(error: unknown): OidcTokenError {
  if (!isOidcTokenError(error) || error.kind === "interrupted" || error.kind === "defect") throw error;
  return error;
}
