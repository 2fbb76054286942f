import type { TokenEndpointResponse } from "openid-client";
import type { Context, Secrets } from "../context.js";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import { deadline } from "../http/deadline.js";
import { keptDocuments } from "../http/kept-documents.js";
import { openTransport } from "../http/transport.js";
import type { Flow, Profile } from "../profile.js";
import { presetOf } from "../providers/index.js";
import type { Grants, SignInRequest } from "../token/grants.js";
import { type Client, openClient } from "./client.js";
import { ProviderClock } from "./clock.js";
import { newDpopKey, proofsBy, suspectProof } from "./dpop.js";
import { type EndpointName, requireEndpoints } from "./endpoints.js";
import { failureOf } from "./failure.js";
import { refresh } from "./flows/refresh.js";
import { refusalIn } from "./refusal.js";
import { tokenSetFrom } from "./token-set-from.js";

/** What of the Context the flows need. */
export type GrantsContext = Pick<
  Context,
  "env" | "fetch" | "now" | "monotonic" | "sleep" | "openBrowser" | "log" | "redactor" | "paths"
>;

interface SignIn {
  readonly begins_at: EndpointName;
  readonly load: () => Promise<
    (client: Client, request: SignInRequest, context: GrantsContext) => Promise<TokenEndpointResponse>
  >;
}

/** The flows, but for the refresh, which is wanted far more often: each is loaded when it begins. */

const SIGN_INS: Partial<Record<Flow, SignIn>> = {
  authorization_code: {
    begins_at: "authorization_endpoint",
    load: async () => (await import("./flows/authorization-code.js")).authorizationCode,
  },
  device_code: {
    begins_at: "device_authorization_endpoint",
    load: async () => (await import("./flows/device-code.js")).deviceCode,
  },
};

/**
 * The provider of a profile. Makes no request and resolves no secret until asked for something; nothing but its public
 * documents is kept between calls. `refresh`, `issue` and `revoke` end within `profile.timeout` seconds, discovery included; a token that
 * `issue` trades in has as long again.
 */
export async function createGrants(
  profile: Profile,
  secrets: Secrets,
  context: GrantsContext,
): Promise<Grants> {
  const clock = new ProviderClock(context.now);
  const documents = keptDocuments(profile, context);
  let transport: Promise<typeof globalThis.fetch> | undefined;
  const network = async (): Promise<GrantsContext> => {
    transport ??= openTransport(profile, secrets, context);
    return Object.create(context, { fetch: { value: clock.watch(await transport) } }) as GrantsContext;
  };

  async function withClient<T>(
    wanted: readonly EndpointName[],
    signal: AbortSignal,
    use: (client: Client) => Promise<T>,
    { needed = wanted, ask_anew = false } = {},
  ): Promise<T> {
    const attempt = async (ask_anew: boolean): Promise<T> => {
      const discovery = { documents, ask_anew };
      const client = await openClient(profile, secrets, await network(), wanted, signal, discovery);
      requireEndpoints(client, needed);
      return await use(client);
    };
    try {
      return await attempt(ask_anew).catch(async (error: unknown) => {
        // What the provider said of itself a while ago may hold no longer.
        const is_old = documents.used;
        documents.forget();
        if (!is_old || !isNothingThere(error)) throw error;
        return await attempt(true);
      });
    } catch (error) {
      const failure = failureOf(error, profile, context.redactor);
      throw clock.explain(failure, profile.dpop === true || profile.client_auth === "private_key_jwt");
    }
  }

  async function inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = deadline(profile.timeout);
    return await work(limit.signal).finally(limit.end);
  }

  const atTokenEndpoint = <T>(use: (client: Client) => Promise<T>): Promise<T> =>
    inTime((signal) => withClient(["token_endpoint"], signal, use));

  return {
    refresh: async (refresh_token, dpop_key) => {
      context.redactor.add(refresh_token);
      let rotated: string | undefined;
      try {
        return await atTokenEndpoint(async (client) => {
          const proofs = await proofsBy(client, dpop_key);
          const result = await refresh({ ...client, proofs }, refresh_token, (next) => {
            rotated = next;
          });
          if (result.outcome === "session_ended") {
            documents.forget();
            return result;
          }
          return { outcome: "refreshed", tokens: tokenSetFrom(result.answer, context.now(), profile) };
        });
      } catch (error) {
        if (rotated === undefined || !isOidcTokenError(error)) throw error;
        return { outcome: "unusable", refresh_token: rotated, error };
      }
    },

    issue: async (flow) => {
      const { tokenToTradeIn, unattended } = await import("./flows/unattended.js");
      // With a time limit of its own: it may take a program its time.
      const token = await inTime(async (signal) =>
        tokenToTradeIn(flow, profile, secrets, await network(), {
          seconds: profile.timeout,
          signal,
        }),
      );
      return atTokenEndpoint(async (client) =>
        tokenSetFrom(await unattended(client, flow, token), context.now(), profile),
      );
    },

    signIn: async (request) => {
      const flow = SIGN_INS[request.flow];
      if (flow === undefined) {
        throw new OidcTokenError("defect", `nobody signs in with flow ${request.flow}`, "report this");
      }
      const run = await flow.load();
      return withClient(
        [flow.begins_at, "token_endpoint"],
        request.signal,
        async (client) => {
          const dpop_key = profile.dpop ? await newDpopKey() : undefined;
          const proofs = await proofsBy(client, dpop_key);
          const answer = await run({ ...client, proofs }, request, context).catch((error: unknown) => {
            throw suspectProof(error, client);
          });
          try {
            return { ...tokenSetFrom(answer, context.now(), profile), ...given({ dpop_key }) };
          } catch (error) {
            // What can't be used here is not to stay alive there.
            const { revoke } = await import("./flows/revoke.js");
            const { access_token, token_type, refresh_token } = answer;
            const unusable = { access_token, token_type, obtained_at: 0, ...given({ refresh_token }) };
            await revoke(client, unusable, 0).catch(() => undefined);
            throw error;
          }
        },
        { ask_anew: true },
      );
    },

    verifyIdToken: async (tokens) => {
      const { verifyIdToken } = await import("./flows/verify-id-token.js");
      return await inTime((signal) =>
        withClient(["token_endpoint", "jwks_uri"], signal, (client) => verifyIdToken(client, tokens)),
      );
    },

    revoke: async (tokens, replaced_by) => {
      // Where that would end the newer session, too.
      if (replaced_by && presetOf(profile).revocation_ends_consent) return "not_supported";
      if (profile.issuer === undefined && profile.endpoints.revocation_endpoint === undefined) {
        return "not_supported";
      }
      const { revoke } = await import("./flows/revoke.js");
      return inTime((signal) =>
        withClient(["revocation_endpoint"], signal, (client) => revoke(client, tokens, context.now()), {
          needed: [],
        }),
      );
    },
  };
}

/** An address that leads nowhere, or none at all: nothing has happened there, so it may be tried at another. */
function isNothingThere(error: unknown): boolean {
  if (isOidcTokenError(error)) return error.kind === "configuration";
  return [404, 405, 410].includes(refusalIn(error)?.status ?? 0);
}
