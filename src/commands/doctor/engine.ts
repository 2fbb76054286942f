import type { Context } from "../../context.js";
import { interrupted } from "../../errors.js";
import { given } from "../../given.js";
import { type Check, fail, skip, type Told } from "./check.js";

/** One row of `doctor --json` (DESIGN §1). */
export interface Finding extends Omit<Told, "kind"> {
  readonly check: string;
  readonly profile?: string;
}

/** A finding with what its failure is to a caller. */
export type Row = Told & Pick<Finding, "check" | "profile">;

/** Runs checks in their order, each within its own time, and leaves out those whose ground has given way. */
export async function examine<On>(
  context: Pick<Context, "interrupted">,
  checks: readonly Check<On>[],
  on: On,
  profile?: string,
): Promise<Row[]> {
  const rows: Row[] = [];
  const broken = new Set<string>();
  for (const check of checks) {
    const reason = check.after?.find((name) => broken.has(name));
    const told =
      reason === undefined ? await inTime(context, check, on) : skip(`not looked at: see ${reason}`);
    if (reason !== undefined) broken.add(check.name);
    for (const each of [told].flat()) {
      if (each.result === "fail") broken.add(check.name);
      rows.push({ check: check.name, ...given({ profile }), ...each });
    }
  }
  return rows;
}

async function inTime<On>(
  { interrupted: signal }: Pick<Context, "interrupted">,
  check: Check<On>,
  on: On,
): Promise<Told | readonly Told[]> {
  let timer: NodeJS.Timeout | undefined;
  let leave = (): void => {};
  const late = new Promise<Told>((resolve, reject) => {
    const sentence = `did not end within ${check.seconds} s`;
    const hint = "what it waits for does not answer: look at the network, the keyring and the file system";
    timer = setTimeout(() => resolve(fail(sentence, hint, "temporary")), check.seconds * 1000);
    leave = () => reject(interrupted());
    signal.addEventListener("abort", leave, { once: true });
  });
  try {
    return await Promise.race([check.run(on), late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  }
}
