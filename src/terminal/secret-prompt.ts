import { addAbortSignal } from "node:stream";
import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { isTerminal } from "./interactive.js";

const LONGEST_SECRET = 64 * 1024;

/**
 * A secret from the person, unseen, or from stdin where that is not a terminal.
 *
 * @throws OidcTokenError `usage` for an empty or impossible secret, `interrupted` on Ctrl-C
 */
export async function askSecret(context: Context, label: string): Promise<string> {
  const answer = isTerminal(context) ? await prompt(context, label) : await readAll(context);
  const secret = answer.trim();
  if (secret === "") {
    throw new OidcTokenError(
      "usage",
      "the secret is empty",
      "type or paste it, or pipe it in: … | oidc-token login",
    );
  }
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    throw new OidcTokenError(
      "usage",
      "the secret has a space, a line break or a character that no HTTP header can carry",
      "give the secret alone, on one line",
    );
  }
  return secret;
}

async function prompt(context: Context, message: string): Promise<string> {
  const { isCancel, password } = await import("@clack/prompts");
  const answer = await password({
    message,
    input: context.stdin,
    output: context.stderr,
    signal: context.interrupted,
  });
  if (isCancel(answer)) throw new OidcTokenError("interrupted", "cancelled", "nothing was changed");
  return answer ?? "";
}

async function readAll({ stdin, interrupted }: Context): Promise<string> {
  addAbortSignal(interrupted, stdin);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > LONGEST_SECRET) {
      throw new OidcTokenError("usage", "stdin is too long for a secret", "pipe in the secret alone");
    }
  }
  return Buffer.concat(chunks).toString("utf8");
}
