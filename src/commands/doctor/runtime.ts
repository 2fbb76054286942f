import { engines, version } from "../../version.js";
import { type Check, fail, type Machine, pass } from "./check.js";

/** What runs this program. */
export const runtime: Check<Machine> = {
  name: "runtime",
  seconds: 1,
  async run() {
    const { bun, node } = process.versions;
    if (bun !== undefined) return pass(`oidc-token ${version} on Bun ${bun}`);
    const oldest = engines.node.replace(/^\D+/, "");
    if (isOlder(node, oldest))
      return fail(`Node ${node} is too old`, `install Node ${oldest} or later, or Bun`, "usage");
    return pass(`oidc-token ${version} on Node ${node}`);
  },
};

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(".").map(Number));
  const at = [0, 1, 2].find((index) => a?.[index] !== b?.[index]);
  return at !== undefined && (a?.[at] ?? 0) < (b?.[at] ?? 0);
}
