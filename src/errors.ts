/** What a caller can do about a failure; the exit codes are the contract of DESIGN §2. */
export const EXIT_CODES = {
  done: 0,
  defect: 1,
  usage: 2,
  sign_in_needed: 3,
  configuration: 4,
  temporary: 5,
  store: 6,
  refused: 7,
  interrupted: 130,
} as const;

export type ErrorKind = Exclude<keyof typeof EXIT_CODES, "done">;

/**
 * The one error this program raises on purpose. `message` is a lowercase sentence without a full stop,
 * `hint` says what to do; neither ever holds a secret. `cause` is for the debugger only and is never
 * printed: openid-client keeps tokens and codes in there.
 */
export class OidcTokenError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string;
  /** Set where another secret of the client may mend it, or a flow that needs no browser here, or a logout is the cause. */
  declare about?: "client" | "browser" | "logout";

  constructor(kind: ErrorKind, message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "OidcTokenError";
    this.kind = kind;
    this.hint = hint;
  }

  /** The process's exit code for this error. */
  get exitCode(): number {
    return EXIT_CODES[this.kind];
  }
}

/** By name, not by class: the hot path is a bundle of its own with its own copy of the class. */
export function isOidcTokenError(error: unknown): error is OidcTokenError {
  return error instanceof Error && error.name === "OidcTokenError";
}

/** What `act` answers; undefined where it throws one of this program's own errors. */
export function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (isOidcTokenError(error)) return undefined;
    throw error;
  }
}

/** The error of Ctrl-C and SIGTERM. */
export function interrupted(hint = "nothing was changed; run the command again"): OidcTokenError {
  return new OidcTokenError("interrupted", "interrupted", hint);
}

/** The error of a process that may open no more files; undefined for any other failure. */
export function tooManyFiles(thrown: unknown): OidcTokenError | undefined {
  const code = (thrown as { code?: unknown } | undefined)?.code;
  if (code !== "EMFILE" && code !== "ENFILE") return undefined;
  return new OidcTokenError(
    "temporary",
    `too many files are open (${code})`,
    "raise the limit, as with ulimit -n 256, or end other programs, and run the command again",
  );
}

/** An error as a person reads it: the sentence and the hint, a line each. */
export function inTwoLines(error: Pick<OidcTokenError, "message" | "hint">): string {
  return `oidc-token: ${error.message}\noidc-token: hint: ${error.hint}\n`;
}
