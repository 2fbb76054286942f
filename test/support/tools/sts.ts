import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { CLIENTS, type TestProvider } from "../provider.js";

export interface Sts {
  readonly url: string;
  /** The ID tokens that were exchanged. */
  readonly exchanged: string[];
  stop(): Promise<void>;
}

const GOOGLE_TOKEN = "google-access-token";
/** Seconds that what it hands out is good for, as little as AWS's libraries believe. */
const LIFETIME = 3600;

/**
 * The token exchange of Google (RFC 8693 and 7662, as its STS reference has them) and AWS (AssumeRoleWithWebIdentity and
 * GetCallerIdentity of the STS API reference) on 127.0.0.1, for ID tokens that the provider has signed.
 */
export async function startSts(provider: TestProvider): Promise<Sts> {
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
  const exchanged: string[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const form = new URLSearchParams(text);
    if (form.get("Action") === "GetCallerIdentity") {
      const signed = request.headers.authorization?.includes("Credential=ASIATEST");
      response.writeHead(signed ? 200 : 403, { "content-type": "text/xml" }).end(IDENTITY);
      return;
    }
    if (request.url === "/introspect") {
      const active = form.get("token") === GOOGLE_TOKEN;
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ active, username: "principal://corp/subject/person" }));
      return;
    }
    const token = form.get("subject_token") ?? form.get("WebIdentityToken") ?? "";
    try {
      await jwtVerify(token, keys, { issuer: provider.issuer, audience: CLIENTS.public.client_id });
    } catch {
      response.writeHead(400, { "content-type": "application/json" }).end('{"error":"invalid_grant"}');
      return;
    }
    exchanged.push(token);
    if (form.get("Action") === "AssumeRoleWithWebIdentity") {
      response.writeHead(200, { "content-type": "text/xml" }).end(assumed());
      return;
    }
    response.writeHead(200, { "content-type": "application/json" }).end(
      JSON.stringify({
        access_token: GOOGLE_TOKEN,
        issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
        token_type: "Bearer",
        expires_in: LIFETIME,
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanged,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const NAMESPACE = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"';
const IDENTITY = `<GetCallerIdentityResponse ${NAMESPACE}><GetCallerIdentityResult>
<Arn>arn:aws:sts::123456789012:assumed-role/corp/oidc-token</Arn><UserId>AROA:oidc-token</UserId><Account>123456789012</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>`;

function assumed(): string {
  const expiration = new Date(Date.now() + LIFETIME * 1000).toISOString();
  return `<AssumeRoleWithWebIdentityResponse ${NAMESPACE}><AssumeRoleWithWebIdentityResult>
<Credentials><AccessKeyId>ASIATEST</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expiration}</Expiration></Credentials>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/corp/oidc-token</Arn><AssumedRoleId>AROA:oidc-token</AssumedRoleId></AssumedRoleUser>
</AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`;
}
