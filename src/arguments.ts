import { OidcTokenError } from "./errors.js";

/** Options every command takes. */
export interface GlobalOptions {
  readonly profile?: string;
  readonly config?: string;
}

/** A number of whole seconds as an option gives it. */
export function parseSeconds(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new OidcTokenError(
      "usage",
      `${option} takes a number of seconds, not "${text}"`,
      `write it in digits, for example: ${option} 60`,
    );
  }
  return Number(text);
}

/** One word of a fixed set as an option gives it. */
export function parseChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) {
    throw new OidcTokenError(
      "usage",
      `${option} does not know "${text}"`,
      `use one of: ${choices.join(", ")}`,
    );
  }
  return found;
}
