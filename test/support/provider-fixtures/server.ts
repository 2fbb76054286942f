import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { generateKeyPair, SignJWT } from "jose";
import type { Answer, Fixture, Issued, Origins, Seen } from "./fixture.js";

export interface FixtureServer extends Origins {
  /** The requests to the device and the token endpoint, in their order. */
  readonly seen: readonly Seen[];
  /** The query of each authorization request. */
  readonly authorizations: readonly URLSearchParams[];
  /** What was issued, in its order. */
  readonly issued: readonly Issued[];
  person: "agrees" | "declines";
  session: "alive" | "ended";
  stop(): Promise<void>;
}

const DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** Made once: it takes a tenth of a second. */
const keys = generateKeyPair("RS256");

/** Replays a provider's documented behaviour on 127.0.0.1. Devices are confirmed after the first poll. Call `stop`. */
export async function startFixture(fixture: Fixture): Promise<FixtureServer> {
  const seen: Seen[] = [];
  const authorizations: URLSearchParams[] = [];
  const issued: Issued[] = [];
  const codes = new Map<string, URLSearchParams>();
  const device_codes = new Set<string>();
  let polls = 0;
  let live_refresh_token: string | undefined;

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const origins: Origins = { origin: `http://127.0.0.1:${port}`, other: `http://localhost:${port}` };
  const state: FixtureServer = {
    ...origins,
    seen,
    authorizations,
    issued,
    person: "agrees",
    session: "alive",
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const discovery_path = `${fixture.issuer_path.replace(/\/$/, "")}/.well-known/openid-configuration`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", origins.origin);
    const form = new URLSearchParams(await text(request));
    const headers = request.headers as Record<string, string | undefined>;
    const { authorize, token, device } = fixture.paths;
    if (url.pathname === authorize) return authorizeBrowser(url.searchParams, response);
    const answer = await answerTo({ path: url.pathname, form, headers }, request.method ?? "", {
      isToken: url.pathname === token,
      isDevice: url.pathname === device,
    });
    response.writeHead(answer.status ?? 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer.body));
  }

  async function answerTo(
    request: Seen,
    method: string,
    { isToken, isDevice }: { readonly isToken: boolean; readonly isDevice: boolean },
  ): Promise<Answer> {
    if (request.path === discovery_path && fixture.discovery) return { body: fixture.discovery(origins) };
    if (method !== "POST" || !(isToken || isDevice)) return { status: 404, body: {} };
    seen.push(request);
    const refusal = fixture.insist?.(request, isDevice ? "device" : "token");
    if (refusal) return refusal;
    return isDevice ? authorizeDevice() : await grant(request.form);
  }

  function authorizeBrowser(query: URLSearchParams, response: ServerResponse): void {
    authorizations.push(query);
    const back = new URL(query.get("redirect_uri") ?? origins.origin);
    back.searchParams.set("state", query.get("state") ?? "");
    const missing = Object.entries(fixture.authorization_params ?? {}).find(
      ([name, value]) => query.get(name) !== value,
    );
    if (state.person === "declines" || missing) {
      const { error, error_description } = missing
        ? { error: "invalid_request", error_description: `${missing[0]} is missing` }
        : (fixture.declined.body as Record<string, string>);
      back.searchParams.set("error", error ?? "access_denied");
      if (error_description) back.searchParams.set("error_description", error_description);
    } else {
      const code = randomBytes(8).toString("hex");
      codes.set(code, query);
      back.searchParams.set("code", code);
    }
    response.writeHead(302, { location: back.href }).end();
  }

  function authorizeDevice(): Answer {
    const answer = fixture.device?.(origins);
    if (!answer) return { status: 404, body: {} };
    const device_code = String(answer.body.device_code);
    device_codes.add(device_code);
    return { ...answer, body: "interval" in answer.body ? { ...answer.body, interval: 1 } : answer.body };
  }

  async function grant(form: URLSearchParams): Promise<Answer> {
    switch (form.get("grant_type")) {
      case DEVICE_CODE_GRANT: {
        if (!device_codes.has(form.get("device_code") ?? "")) {
          return { status: 400, body: { error: "invalid_grant" } };
        }
        polls += 1;
        if (fixture.pending && polls === 1) return fixture.pending;
        return state.person === "declines" ? fixture.declined : fixture.tokens(await issue(form));
      }
      case "authorization_code": {
        const query = codes.get(form.get("code") ?? "");
        codes.delete(form.get("code") ?? "");
        const challenge = createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url");
        const fits =
          query?.get("code_challenge") === challenge &&
          query.get("redirect_uri") === form.get("redirect_uri");
        if (!fits) return { status: 400, body: { error: "invalid_grant" } };
        return fixture.tokens(await issue(form, query));
      }
      case "refresh_token": {
        const fits = form.get("refresh_token") === live_refresh_token && state.session === "alive";
        return fits ? fixture.refreshed(await issue(form)) : fixture.ended;
      }
      default:
        return { status: 400, body: { error: "unsupported_grant_type" } };
    }
  }

  async function issue(form: URLSearchParams, query?: URLSearchParams): Promise<Issued> {
    const number = issued.length + 1;
    const nonce = query?.get("nonce");
    const { privateKey } = await keys;
    const id_token = await new SignJWT({ ...fixture.id_token_claims, ...(nonce && { nonce }) })
      .setProtectedHeader({ alg: "RS256", kid: "fixture" })
      .setIssuer(fixture.iss?.(origins) ?? origins.origin)
      .setAudience(String(fixture.profile.client_id))
      .setSubject("person")
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(privateKey);
    const fresh: Issued = {
      access_token: `access-${number}-${randomBytes(12).toString("base64url")}`,
      refresh_token: `refresh-${number}-${randomBytes(12).toString("base64url")}`,
      id_token,
    };
    issued.push(fresh);
    const answered =
      form.get("grant_type") === "refresh_token" ? fixture.refreshed(fresh) : fixture.tokens(fresh);
    const renewed = answered.body.refresh_token;
    if (typeof renewed === "string") live_refresh_token = renewed;
    return fresh;
  }

  return state;
}
