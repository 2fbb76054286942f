import { createHash } from "node:crypto";
import type { ProfileFacts } from "../commands/profiles.js";
import { lasting } from "./command.js";
import type { Tokens } from "./tokens.js";

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Stands where OpenCode wants a key. It is never sent: a header that holds it is deleted. */
export const PLACEHOLDER = "kept-by-oidc-token";
/** Redirects that one request follows. */
const MOST_REDIRECTS = 5;

/** Sends OpenCode's requests, each with a token that is asked for when it goes out. */
export class Requests {
  readonly #tokens: Tokens;
  readonly #profiles: readonly ProfileFacts[];
  readonly #unreadable: Error | undefined;

  /** `unreadable`: why there are no profiles, where there are none. */
  constructor(tokens: Tokens, profiles: readonly ProfileFacts[], unreadable: Error | undefined) {
    this.#tokens = tokens;
    this.#profiles = profiles;
    this.#unreadable = unreadable;
  }

  /** The `fetch` of a provider behind which this profile stands. */
  fetchFor(name: string): Fetch {
    return async (input, init = {}) => {
      if (!(input instanceof Request)) return this.#send(name, new URL(input), init);
      const { method, headers, body, signal } = input;
      return this.#send(name, new URL(input.url), { method, headers, body, signal, ...init });
    };
  }

  /** Says that a request to this address will want a token of this profile in a moment. */
  announce(name: string, address: unknown): void {
    const profile = this.#profiles.find((each) => each.profile === name);
    const origin = typeof address === "string" && URL.canParse(address) ? new URL(address).origin : "";
    if (profile?.allowed_origins.includes(origin)) this.#tokens.prepare(name, origin);
  }

  async #send(name: string, url: URL, init: RequestInit, redirects = 0): Promise<Response> {
    const profile = this.#profileFor(name, url);
    const headers = new Headers(init.headers);
    for (const [key, value] of [...headers]) if (value.includes(PLACEHOLDER)) headers.delete(key);
    const attempt = async (access_token: string) => {
      headers.set(profile.header, `${profile.header_scheme} ${access_token}`.trim());
      // Redirects are followed below: fetch would take any header but Authorization along to another origin.
      const response = await fetch(url, { ...init, headers, redirect: "manual" });
      return { response, sha256: createHash("sha256").update(access_token).digest("hex") };
    };
    const repeatable = !init.body || typeof init.body === "string" || ArrayBuffer.isView(init.body);
    let { response, sha256 } = await attempt(await this.#tokens.take(name, url.origin, init.signal));
    if (response.status === 401 && repeatable) {
      await response.body?.cancel();
      ({ response } = await attempt(await this.#tokens.replace(name, url.origin, sha256, init.signal)));
    }
    const location = response.headers.get("location");
    const follows = location !== null && [307, 308].includes(response.status) && repeatable;
    if (!follows || redirects === MOST_REDIRECTS) return response;
    return this.#send(name, new URL(location, url), init, redirects + 1);
  }

  #profileFor(name: string, url: URL): ProfileFacts {
    const profile = this.#profiles.find((each) => each.profile === name);
    if (!profile)
      throw this.#unreadable ?? lasting(`oidc-token has no profile "${name}"; see \`oidc-token profiles\``);
    if (profile.allowed_origins.includes(url.origin)) return profile;
    throw lasting(
      `the token of profile "${name}" is for ${profile.allowed_origins.join(", ")}, not for ${url.origin}: ` +
        "correct baseURL in opencode.json, or allowed_origins in oidc-token's own configuration",
    );
  }
}
