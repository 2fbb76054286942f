import { checkConfig } from "../../config/check.js";
import { type Check, fail, failed, type Machine, pass, type Told, warn } from "./check.js";

/** What the file, the environment and the references say, and whether all of it can be. */
export const configuration: Check<Machine> = {
  name: "configuration",
  seconds: 5,
  async run({ context, options }) {
    try {
      const { path, names, findings } = checkConfig(context, options);
      const told = findings.map(
        ({ severity, sentence, hint }): Told =>
          severity === "error" ? fail(sentence, hint) : warn(sentence, hint),
      );
      if (told.length > 0) return told;
      const count = `${names.length} profile${names.length === 1 ? "" : "s"}`;
      return names.length === 0
        ? fail(`there is no profile yet in ${path}`, "run: oidc-token init")
        : pass(`${count} in ${path}`);
    } catch (error) {
      return failed(error);
    }
  },
};
