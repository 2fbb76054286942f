import type { GlobalOptions } from "../../arguments.js";

export interface DoctorOptions extends GlobalOptions {
  readonly json?: boolean;
}
