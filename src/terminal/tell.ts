import type { Context } from "../context.js";

/** One sentence for the person, on stderr: stdout belongs to the answer. */
export function tell(context: Pick<Context, "stderr" | "redactor">, sentence: string): void {
  context.stderr.write(`oidc-token: ${context.redactor.sentence(sentence)}\n`);
}
