import type { ClientAuth } from "openid-client";
import type { Secrets } from "../context.js";
import { OidcTokenError } from "../errors.js";
import type { ClientAuth as Method, Profile } from "../profile.js";
import { presetOf } from "../providers/index.js";
import type { Redactor } from "../redact.js";

/**
 * How this client proves itself at the token endpoint (RFC 6749 §2.3). The secret is resolved when the first
 * request needs it. Throws `configuration` where `client_auth` asks for a secret and there is none.
 */
export function clientAuthentication(profile: Profile, secrets: Secrets, redactor: Redactor): ClientAuth {
  const isBareAtDeviceRequest = presetOf(profile).device_request_without_secret === true;
  return async (server, client, body, headers) => {
    // A token that is traded in may be all the provider needs to know.
    if (profile.client_id === undefined) return;
    if (profile.client_auth === "private_key_jwt") {
      const key = await secrets.private_key();
      redactor.add(key);
      const { privateKeyJwt } = await import("./private-key-jwt.js");
      const authenticate = await privateKeyJwt(key ?? "", profile, server);
      await authenticate(server, client, body, headers);
      redactor.add(body.get("client_assertion") ?? undefined);
      return;
    }
    // RFC 8705 §2: the certificate says the rest.
    if (profile.client_auth?.endsWith("tls_client_auth")) {
      body.set("client_id", client.client_id);
      return;
    }
    const bare = profile.client_auth === "none" || (isDeviceRequest(body) && isBareAtDeviceRequest);
    const secret = bare ? undefined : await secrets.client_secret();
    redactor.add(secret);
    const method = bare ? "none" : methodFor(profile, secret, server.token_endpoint_auth_methods_supported);
    if (method === "none" || secret === undefined) {
      body.set("client_id", client.client_id);
    } else if (method === "client_secret_post") {
      body.set("client_id", client.client_id);
      body.set("client_secret", secret);
    } else {
      const credentials = Buffer.from(`${formEncode(client.client_id)}:${formEncode(secret)}`).toString(
        "base64",
      );
      redactor.add(credentials);
      headers.set("authorization", `Basic ${credentials}`);
    }
  };
}

/** Of the requests a client authenticates, only this one (RFC 8628 §3.1) carries neither a grant nor a token. */
function isDeviceRequest(body: URLSearchParams): boolean {
  return !body.has("grant_type") && !body.has("token");
}

function methodFor(
  profile: Profile,
  secret: string | undefined,
  supported: readonly string[] | undefined,
): Method {
  const chosen = profile.client_auth;
  if (secret === undefined || secret === "") {
    if (chosen === undefined || chosen === "none") return "none";
    throw new OidcTokenError(
      "configuration",
      `profile ${profile.name} has client_auth ${chosen} but no client_secret`,
      `set client_secret in the profile, or client_auth to "none" for a public client`,
    );
  }
  if (chosen !== undefined) return chosen;
  // RFC 8414 §2: a server that does not say takes client_secret_basic.
  if (supported === undefined || supported.includes("client_secret_basic")) return "client_secret_basic";
  return "client_secret_post";
}

/**
 * The form encoding of RFC 6749 §2.3.1, with `[A-Za-z0-9._~-]` left as they are: several providers do not decode,
 * and openid-client's own encoding of `-` locks their clients out.
 */
function formEncode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}
