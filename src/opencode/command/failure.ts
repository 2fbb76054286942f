/** What makes OpenCode repeat a request when it reads it in an error's text. */
const RETRIED =
  /429|50[0234]|524|rate.?limit|rate increased|too.many.requests|overloaded|unavailable|exhausted|(?:internal|server|network|returned).error|upstream connect|terminated|connection|getaddrinfo|enotfound|eai_again|econn(?:refused|reset)|socket hang up|reset before|at capacity|timed? ?out|fetch failed|failed to fetch|try again|try your|retry your/gi;

/** An error OpenCode shows once: an invisible word joiner keeps its text clear of the patterns above. */
export function lasting(sentence: string): Error {
  return new Error(sentence.replace(RETRIED, (match) => `${match[0]}\u2060${match.slice(1)}`));
}

/** An error OpenCode may repeat the request for: the network or a provider is in trouble. */
export class Temporary extends Error {
  constructor(readonly sentence: string) {
    super(`${sentence}; try again later`);
  }
}

/** Why a run of the command that was given `seconds` has failed, from the error of its process and its stderr. */
export function failureOf(
  error: Error & { code?: unknown; killed?: boolean },
  stderr: string,
  seconds: number,
): Error {
  if (error.killed) return new Temporary(`oidc-token gave no answer within ${seconds} s`);
  if (error.code === "ENOENT") {
    return lasting(
      "oidc-token cannot be started, since there is none on PATH: run `npm install --global oidc-token`, or name its file in " +
        'the "command" option of the plugin',
    );
  }
  if (typeof error.code !== "number") return lasting(`oidc-token cannot be started: ${error.message}`);
  const lines = stderr.split("\n").filter((line) => line.startsWith("oidc-token: "));
  const said = (hint: boolean) => lines.findLast((line) => line.startsWith("oidc-token: hint: ") === hint);
  const what = said(false) ?? `oidc-token ended with exit code ${error.code}`;
  if (error.code === 5) return new Temporary(what);
  const hint = said(true)?.replace("oidc-token: hint: ", "; ") ?? "";
  // A session that is not there, or that the store can't give back.
  const is_for_connect = error.code === 3 || (error.code === 6 && hint.includes("oidc-token login"));
  return lasting(what + hint + (is_for_connect ? ", or use /connect" : ""));
}
