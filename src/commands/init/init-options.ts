import type { ProfileOptions } from "./profile-options.js";
import type { SaveOptions } from "./save.js";

export interface InitOptions extends ProfileOptions, SaveOptions {
  /** True without a file: then the usual places are searched. */
  readonly import?: true | string;
  /** False with `--no-login`. */
  readonly login?: boolean;
}
