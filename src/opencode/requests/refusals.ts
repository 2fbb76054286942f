import { createHash } from "node:crypto";
import type { ProfileFacts } from "../../commands/profiles.js";
import { asObject, objectIn } from "../../text.js";
import { lasting } from "../command/failure.js";

/** Milliseconds in which a credential that was refused, and for which there is no better one, is not sent again. */
const PAUSE = 60_000;
/** Characters of what a server says; more is a page, not a reason. */
const LONGEST = 300;

/** A server's 401 to one credential. */
export interface Refusal {
  readonly sha256: string;
  readonly reason: string;
  /** Why there is no better credential, once that is known, and when it was last known. */
  final?: { readonly error: Error; readonly at: number };
}

/**
 * What servers have refused, so that no refused token is sent again, and none renewed for nothing. Kept by place, a profile
 * and an origin: of two servers one may take what the other refuses.
 */
export class Refusals {
  readonly #now: () => number;
  readonly #last = new Map<string, Refusal>();
  readonly #renewed = new Map<string, string>();

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** The refusal of this very token, unless enough time has passed to try it once more. */
  of(place: string, token: string): Refusal | undefined {
    const last = this.#last.get(place);
    return last?.sha256 === digest(token) ? last : undefined;
  }

  /** Whether nothing but waiting is left: a better token is not to be had, and the last try is not long ago. */
  standing({ final }: Refusal): Error | undefined {
    return final && this.#now() - final.at < PAUSE ? final.error : undefined;
  }

  /** Keeps that this token was refused; reads the reason out of the answer, which stays as it is. */
  async note(place: string, token: string, response: Response): Promise<Refusal> {
    const refusal = { sha256: digest(token), reason: await reasonIn(response.clone()) };
    this.#last.set(place, refusal);
    return refusal;
  }

  /** Keeps that this token came in place of a refused one. */
  renew(place: string, token: string): void {
    this.#renewed.set(place, digest(token));
  }

  /** Whether this token came in place of a refused one, be it for another request, and no server has taken it yet. */
  isRenewed(place: string, token: string): boolean {
    return this.#renewed.get(place) === digest(token);
  }

  /** Keeps that there is no better token than the refused one, and why. */
  settle(refusal: Refusal, error: Error): Error {
    refusal.final = { error, at: this.#now() };
    return error;
  }

  /** The server there takes the token. */
  forget(place: string): void {
    this.#last.delete(place);
    this.#renewed.delete(place);
  }
}

/** The place of a request with this profile's token. */
export function placeOf({ profile }: ProfileFacts, { origin }: URL): string {
  return `${profile} ${origin}`;
}

/** What to tell a person whose renewed token is refused like the one before. */
export function refusedForGood(facts: ProfileFacts, url: URL, { reason }: Refusal): Error {
  const said = reason === "" ? "" : `: ${reason}`;
  return lasting(
    facts.flow === "static_key"
      ? `${url.host} refuses the key of profile "${facts.profile}"${said}; store another: oidc-token login --profile ${facts.profile}`
      : `${url.host} refuses the token of profile "${facts.profile}", and a renewed one as well${said}; ` +
          `check the profile's audience and scope, or ask whoever runs ${url.host} for access (\`oidc-token whoami --profile ${facts.profile}\` shows what is in the token)`,
  );
}

/** A server's reason: `error.message` as OpenAI's API has it, RFC 6750's `error_description`, RFC 9457's `detail`, or text. */
async function reasonIn(response: Response): Promise<string> {
  const challenge = /error_description="([^"]*)"/.exec(response.headers.get("www-authenticate") ?? "")?.[1];
  const text = await response.text().catch(() => "");
  const reason = inJson(text) ?? challenge ?? (/^\s*</.test(text) ? "" : text);
  const line = reason.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

function inJson(text: string): string | undefined {
  const { error, message, detail, error_description } = objectIn(text) ?? {};
  const nested = asObject(error)?.message;
  return [nested, error_description, message, detail, error].find((each) => typeof each === "string");
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
