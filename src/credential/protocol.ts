/** What a tool is given. */
export interface Given {
  readonly token: string;
  /** The header that carries it, and what stands after the colon there. */
  readonly header: string;
  readonly value: string;
  /** Seconds since the epoch. */
  readonly expires_at?: number;
}

export interface Reply {
  readonly text: string;
  /** The process ends with 1, which to this tool means "none". */
  readonly failed?: boolean;
}

/** What a tool asks for, as its request says. */
export type Question =
  | {
      readonly wants: "token";
      /** What the token would be sent to; of several the first that a profile lists counts. */
      readonly urls: readonly string[];
      /** Where the request itself names the profile. */
      readonly profile?: string;
      given(given: Given): string;
      /** The answer for an address that no profile lists. */
      readonly none: Reply;
    }
  | {
      readonly wants: "another";
      readonly urls: readonly string[];
      /** What a server has just refused. */
      readonly secret: string;
    }
  | { readonly wants: "nothing"; readonly reply: Reply };

/** How one tool asks for credentials. Throws an OidcTokenError of kind `usage` for a request that is none. */
export interface Protocol {
  /** Where its requests are: in the arguments alone, all of stdin, stdin up to an empty line, or a line of it each. */
  readonly reads: "nothing" | "all" | "paragraph" | "lines";
  readonly greeting?: string;
  /** A failure in the tool's own words, where it has some and does not look at stderr. */
  failure?(sentence: string): string;
  ask(words: readonly string[], text: string): Question;
}

/** The user name beside a token, for tools that want one: registries and git hosts take any. */
export const USER = "oauth2";

export const NOTHING: Question = { wants: "nothing", reply: { text: "" } };
