import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { readRegular } from "../../files/read.js";
import { realOf } from "../../paths.js";
import { isProgram } from "../../programs/is-program.js";
import { printable } from "../../text.js";
import { type Check, fail, type Machine, pass, warn } from "./check.js";

const NAME = "oidc-token";
/** Bytes. oidc-agent's has less than one million; our executable, a hundred. */
const LARGEST = 16_777_216;

/** Which program other tools get by this name: oidc-agent has one of the same. */
export const command: Check<Machine> = {
  name: "command",
  seconds: 2,
  async run({ context: { env, platform } }) {
    if (platform === "win32") return pass("not looked for on Windows");
    const found = (env.PATH ?? "")
      .split(delimiter)
      .filter((folder) => folder !== "")
      .map((folder) => join(folder, NAME))
      .filter(isProgram);
    const [first, ...others] = found;
    if (first === undefined)
      return warn(
        "oidc-token is not on PATH, so other tools won't find it",
        `put its folder on PATH, or write its full path where a tool asks for it: ${printable(process.argv[1] ?? "")}`,
      );
    const foreign = found.filter(isForeign);
    if (isForeign(first))
      return fail(
        `${printable(first)} comes first on PATH, and that is oidc-agent's command of the same name`,
        `put the folder of this oidc-token before ${printable(dirname(first))} in PATH, or call it by its full path`,
      );
    const own = process.argv[1] && realOf(process.argv[1]);
    if (foreign.length > 0)
      return warn(
        `oidc-agent's command of the same name, ${printable(foreign[0] as string)}, is on PATH behind this one`,
        "keep that order: what is started with another PATH may get the other",
      );
    if (own !== undefined && realOf(first) !== own)
      return warn(
        `${printable(first)} is another copy than the one that runs here`,
        "remove one of them, unless you mean to have both",
      );
    return pass(`${printable(first)}${others.length > 0 ? `, the first of ${found.length}` : ""}`);
  },
};

/** oidc-agent's is compiled, small, and lies beside the agent; ours is a script or an executable of a hundred megabytes. */
function isForeign(path: string): boolean {
  if (existsSync(join(dirname(realOf(path) ?? path), "oidc-agent"))) return true;
  let magic: Buffer;
  try {
    magic = readRegular(path, LARGEST).subarray(0, 4);
  } catch {
    return false;
  }
  return ["7f454c46", "cffaedfe", "cafebabe"].includes(magic.toString("hex"));
}
