import { parseChoice } from "../arguments.js";
import type { Context } from "../context.js";

/**
 * Whether a sign-in may be started here (DESIGN §5.5): `auto` means that stdin and stderr are terminals and that this
 * is not CI. The option goes before OIDC_TOKEN_INTERACTIVE.
 */
export function isInteractive(context: Context, option: string | undefined): boolean {
  const [name, value] =
    option !== undefined
      ? ["--interactive", option]
      : ["OIDC_TOKEN_INTERACTIVE", context.env.OIDC_TOKEN_INTERACTIVE || "auto"];
  const choice = parseChoice(name, value, ["auto", "always", "never"]);
  if (choice !== "auto") return choice === "always";
  return isTerminal(context) && !isCI(context);
}

/** A person can see what is written to stderr and answer on stdin. */
export function isTerminal(context: Context): boolean {
  return context.stderr.isTTY === true && context.stdin.isTTY === true;
}

function isCI(context: Context): boolean {
  const ci = context.env.CI;
  return ci !== undefined && ci !== "" && ci !== "0" && ci !== "false";
}
