import { isOidcTokenError } from "../errors.js";
import { given } from "../given.js";
import type { Complaint } from "../text.js";

/** Something that is wrong with the configuration, or that may be. */
export interface Finding extends Complaint {
  readonly severity: "error" | "warning";
  /** The profile it is about; undefined for what is about all. */
  readonly profile?: string;
}

/** Takes what is wrong, so that reading goes on. */
export type Report = (finding: Finding) => void;

/**
 * The answer of `act`. Where it throws an OidcTokenError of kind `configuration` and there is somebody to tell, that is
 * told and the answer is undefined.
 */
export function tolerate<T>(report: Report | undefined, act: () => T, profile?: string): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!report || !isOidcTokenError(error) || error.kind !== "configuration") throw error;
    const { message: sentence, hint } = error;
    report({ severity: "error", sentence, hint, ...given({ profile }) });
    return undefined;
  }
}
