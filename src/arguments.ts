import { secondsOf } from "./duration.js";
import { OidcTokenError } from "./errors.js";
import { nearest } from "./nearest.js";

/** Options every command takes. */
export interface GlobalOptions {
  readonly profile?: string;
  readonly config?: string;
}

/** Of commands that show something to a person or to a program. */
export interface JsonOptions extends GlobalOptions {
  readonly json?: boolean;
}

/** A number of whole seconds as an option gives it: in digits, or as a duration. Undefined where it is not given. */
export function parseSeconds(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : secondsOf(text);
  if (seconds !== undefined) return seconds;
  throw new OidcTokenError(
    "usage",
    `${option} takes a number of seconds or a duration, not "${text}"`,
    `write it in digits or with a unit, for example: ${option} 60, ${option} 90s or ${option} 1h`,
  );
}

/** One word of a fixed set as an option gives it. */
export function parseChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  const meant = nearest(text, choices);
  throw new OidcTokenError(
    "usage",
    `${option} does not know "${text}"`,
    `${meant === undefined ? "" : `did you mean ${meant}? `}use one of: ${choices.join(", ")}`,
  );
}
