import { expect } from "vitest";
import type { Outcome } from "./command.js";

const SENTENCE = /^oidc-token: (?!hint: )(?:[^A-Z\s]|OIDC_TOKEN_)[^\n]*[^.\s]$/;
const HINT = /^oidc-token: hint: \S[^\n]*$/;

/** What a failed command says: its sentence and its hint. */
export interface Failure {
  readonly message: string;
  readonly hint: string;
}

/**
 * Checks all that DESIGN §2 promises of a failure: the code, nothing on stdout, and on stderr a lowercase sentence
 * without a full stop and a hint, in two lines that are the last ones (a sign-in says more before).
 */
export function expectFailure(
  outcome: Outcome,
  code: number,
  before: "nothing" | "more" = "nothing",
): Failure {
  expect({
    code: outcome.code,
    signal: outcome.signal,
    stdout: outcome.stdout,
    stderr: outcome.stderr,
  }).toEqual({
    code,
    signal: null,
    stdout: "",
    stderr: expect.stringMatching(/^oidc-token: hint: [^\n]+\n$/m),
  });
  const lines = outcome.stderr.trimEnd().split("\n");
  const [message = "", hint = ""] = lines.slice(-2);
  if (before === "nothing") expect(lines).toHaveLength(2);
  expect(message).toMatch(SENTENCE);
  expect(hint).toMatch(HINT);
  expect(outcome.stderr).not.toMatch(/^\s+at |node:internal|\.[cm]?[jt]s:\d+:\d+\)|\[object |undefined|NaN/m);
  return { message: message.slice("oidc-token: ".length), hint: hint.slice("oidc-token: hint: ".length) };
}
