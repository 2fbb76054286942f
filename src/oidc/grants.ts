import type { TokenEndpointResponse } from "openid-client";
import type { Context, Secrets } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { deadline } from "../http/deadline.js";
import { openTransport } from "../http/transport.js";
import type { Flow, Profile } from "../profile.js";
import type { Grants } from "../token/grants.js";
import { type Client, openClient } from "./client.js";
import { ProviderClock } from "./clock.js";
import type { EndpointName } from "./endpoints.js";
import { failureOf } from "./failure.js";
import { authorizationCode } from "./flows/authorization-code.js";
import { clientCredentials } from "./flows/client-credentials.js";
import { deviceCode } from "./flows/device-code.js";
import { jwtBearer } from "./flows/jwt-bearer.js";
import { refresh } from "./flows/refresh.js";
import { revoke } from "./flows/revoke.js";
import { type SubjectKey, subjectToken } from "./flows/subject-token.js";
import { tokenExchange } from "./flows/token-exchange.js";
import { createRedactor } from "./redact.js";
import { tokenSetFrom } from "./token-set-from.js";

/** What of the Context the flows need. */
export type GrantsContext = Pick<Context, "env" | "fetch" | "now" | "sleep" | "openBrowser" | "log">;

/**
 * The provider of a profile. Makes no request and resolves no secret until asked for something; nothing is kept
 * between calls. `refresh`, `issue` and `revoke` end within `profile.timeout` seconds, discovery included; a token that
 * `issue` trades in has as long again.
 */
export async function createGrants(
  profile: Profile,
  secrets: Secrets,
  context: GrantsContext,
): Promise<Grants> {
  const redactor = createRedactor();
  const clock = new ProviderClock(context.now);
  let transport: Promise<typeof globalThis.fetch> | undefined;
  const network = async (): Promise<typeof globalThis.fetch> => {
    transport ??= openTransport(profile, secrets, context, redactor.hide);
    return clock.watch(await transport);
  };

  async function withClient<T>(
    wanted: readonly EndpointName[],
    signal: AbortSignal,
    use: (client: Client) => Promise<T>,
  ): Promise<T> {
    try {
      const { log } = context;
      const fetch = await network();
      return await use(await openClient(profile, secrets, { fetch, log }, redactor, wanted, signal));
    } catch (error) {
      throw clock.explain(failureOf(error, profile, redactor), profile.client_auth === "private_key_jwt");
    }
  }

  async function withinTimeout<T>(
    wanted: readonly EndpointName[],
    use: (client: Client) => Promise<T>,
  ): Promise<T> {
    const limit = deadline(profile.timeout);
    try {
      return await withClient(wanted, limit.signal, use);
    } finally {
      limit.end();
    }
  }

  /** Whatever is traded in is asked for first, with a time limit of its own: that may take a program its time. */
  async function unattendedRequest(flow: Flow): Promise<(client: Client) => Promise<TokenEndpointResponse>> {
    switch (flow) {
      case "client_credentials":
        return clientCredentials;
      case "token_exchange": {
        const token = await subject("subject_token");
        return (client) => tokenExchange(client, token);
      }
      case "jwt_bearer": {
        const token = await subject("assertion");
        return (client) => jwtBearer(client, token);
      }
      default:
        throw unknownFlow(flow);
    }
  }

  async function subject(key: SubjectKey): Promise<string> {
    const limit = deadline(profile.timeout);
    try {
      return await subjectToken(key, profile, secrets, context, redactor, await network(), limit.signal);
    } finally {
      limit.end();
    }
  }

  return {
    refresh: (refresh_token) =>
      withinTimeout(["token_endpoint"], async (client) => {
        const result = await refresh(client, refresh_token);
        if (result.outcome === "session_ended") return result;
        return { outcome: "refreshed", tokens: tokenSetFrom(result.answer, context.now()) };
      }),

    issue: async (flow) => {
      const request = await unattendedRequest(flow);
      return withinTimeout(["token_endpoint"], async (client) =>
        tokenSetFrom(await request(client), context.now()),
      );
    },

    signIn: async (request) => {
      const { flow, signal } = request;
      if (flow === "authorization_code") {
        return withClient(["authorization_endpoint", "token_endpoint"], signal, async (client) =>
          tokenSetFrom(await authorizationCode(client, request, context), context.now()),
        );
      }
      if (flow === "device_code") {
        return withClient(["device_authorization_endpoint", "token_endpoint"], signal, async (client) =>
          tokenSetFrom(await deviceCode(client, request, context), context.now()),
        );
      }
      throw unknownFlow(flow);
    },

    revoke: async (tokens) => {
      if (profile.issuer === undefined && profile.endpoints.revocation_endpoint === undefined) {
        return "not_supported";
      }
      return withinTimeout(["revocation_endpoint"], (client) => revoke(client, tokens));
    },
  };
}

function unknownFlow(flow: string): OidcTokenError {
  return new OidcTokenError("defect", `flow ${flow} was asked for in the wrong place`, "report this");
}
