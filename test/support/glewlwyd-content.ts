import { generateKeyPairSync } from "node:crypto";

/** The one person it knows. */
export const PERSON = { username: "person", password: "correct-horse-1", name: "Test Person" } as const;

/** What it may be asked for beside `openid`. */
export const SCOPE = "api";

const REDIRECT_URI = "http://127.0.0.1:8943/callback";

/** Its clients. `basic` and `post` take their secret in that one way only. */
export const CLIENTS = {
  public: { client_id: "public-cli", redirect_uri: REDIRECT_URI },
  basic: { client_id: "basic-cli", client_secret: "basic-secret_1.with~dashes", redirect_uri: REDIRECT_URI },
  post: { client_id: "post-cli", client_secret: "post-secret+/%:2", redirect_uri: REDIRECT_URI },
  service_basic: { client_id: "service-basic", client_secret: "service-secret-3" },
  service_post: { client_id: "service-post", client_secret: "service+secret/4" },
} as const;

/** Sets up provider, scope, person and clients through the REST API, as its administration pages do. */
export async function furnish(origin: string, issuer: string): Promise<void> {
  let cookie = "";
  const post = async (path: string, body: object) => {
    const response = await fetch(`${origin}/api/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
    return response;
  };
  // The administrator every new database has.
  const entered = await post("auth/", { username: "admin", password: "password" });
  cookie = entered.headers.getSetCookie()[0]?.split(";")[0] ?? "";

  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await post("mod/plugin/", {
    module: "oidc",
    name: "oidc",
    display_name: "OpenID Connect",
    enabled: true,
    parameters: {
      iss: issuer,
      "jwt-type": "rsa",
      "jwt-key-size": "256",
      key: privateKey.export({ type: "pkcs8", format: "pem" }),
      cert: publicKey.export({ type: "spki", format: "pem" }),
      "access-token-duration": 3600,
      "refresh-token-duration": 86_400,
      "code-duration": 60,
      "refresh-token-rolling": true,
      "refresh-token-one-use": "always",
      "allow-non-oidc": true,
      "auth-type-code-enabled": true,
      "auth-type-client-enabled": true,
      "auth-type-device-enabled": true,
      "auth-type-refresh-enabled": true,
      "device-authorization-expiration": 300,
      "device-authorization-interval": 1,
      "pkce-allowed": true,
      "pkce-required": true,
      "introspection-revocation-allowed": true,
      "introspection-revocation-allow-target-client": true,
    },
  });
  await post("scope/", { name: SCOPE, display_name: "The API", password_required: true });
  await post("user/", { ...PERSON, enabled: true, scope: ["openid", SCOPE] });

  const common = { enabled: true, scope: ["openid", SCOPE] };
  const person = {
    ...common,
    authorization_type: ["code", "refresh_token", "device_authorization", "delete_token"],
  };
  const service = { ...common, confidential: true, authorization_type: ["client_credentials"] };
  const basic = { token_endpoint_auth_method: ["client_secret_basic"] };
  const form = { token_endpoint_auth_method: ["client_secret_post"] };
  await post("client/", { ...person, ...registration(CLIENTS.public), confidential: false });
  await post("client/", { ...person, ...registration(CLIENTS.basic), confidential: true, ...basic });
  await post("client/", { ...person, ...registration(CLIENTS.post), confidential: true, ...form });
  await post("client/", { ...service, ...CLIENTS.service_basic, ...basic });
  await post("client/", { ...service, ...CLIENTS.service_post, ...form });
}

function registration({ redirect_uri, ...client }: { client_id: string; redirect_uri: string }): object {
  return { ...client, name: client.client_id, redirect_uri: [redirect_uri] };
}
