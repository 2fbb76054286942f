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
  return checked(isTerminal(context) ? await prompt(context, label) : await readAll(context));
}

/** Milliseconds that stdin has where a secret may lie in it and nothing else is waiting for one. */
const PATIENCE = 2000;

/** A secret that has been piped in; undefined where there is none, or nobody writes. Throws as `askSecret`. */
export async function pipedSecret(context: Context): Promise<string | undefined> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), PATIENCE);
  const waiting = new Promise<string>((resolve) => {
    silence.signal.addEventListener("abort", () => resolve(""), { once: true });
  });
  try {
    const answer = await Promise.race([readAll(context), waiting]);
    return answer.trim() === "" ? undefined : checked(answer);
  } finally {
    clearTimeout(timer);
  }
}

function checked(answer: string): string {
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
