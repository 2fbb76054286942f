import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { type Gateway, startGateway } from "../support/gateway.js";
import { startOciProvider } from "../support/oci-provider.js";
import { API, CLIENTS, startProvider, type TestProvider } from "../support/provider.js";
import { signIn } from "../support/signed-in.js";

let sandbox: Sandbox;
let provider: TestProvider;
let gateway: Gateway;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(async () => {
  sandbox.dispose();
  await gateway.stop();
  await provider.stop();
});

/** A gateway that lets through what this provider has signed for the API. */
function gatewayFor(issuer: string): Promise<Gateway> {
  return startGateway({ jwks_uri: `${issuer}/jwks`, audience: API.resource });
}

/** The header line that `get` prints, as a request's headers. */
async function headers(profile: string): Promise<Record<string, string>> {
  const { stdout } = await sandbox.run([
    "get",
    "--profile",
    profile,
    "--format",
    "header",
    "--url",
    gateway.url,
  ]);
  const [name = "", value = ""] = stdout.trim().split(/: (.*)/s);
  return { [name]: value };
}

it("what the OCI plugin was told ends, imported, in a request the gateway answers", {
  timeout: 60_000,
}, async () => {
  const oci = await startOciProvider();
  provider = oci;
  gateway = await gatewayFor(oci.issuer);
  const secret = join(sandbox.home, "oci-secret");
  writeFileSync(secret, `${oci.client.client_secret}\n`, { mode: 0o600 });
  const old = {
    domain_url: oci.issuer,
    client_id: oci.client.client_id,
    client_secret: `{file:${secret}}`,
    redirect_uri: oci.redirect_uri,
    scope: "openid offline_access api:read",
    llm_base_url: gateway.url,
    auth_method: "confidential_app",
    log_level: "info",
  };
  writeFileSync(join(sandbox.home, "oci-auth.config.jsonc"), `// the company's\n${JSON.stringify(old)}`);
  expect(await sandbox.run(["init", "--import"])).toMatchObject({ code: 0 });
  expect(await signIn(sandbox, ["--profile", "oci"], { limit: 30_000 })).toMatchObject({ code: 0 });
  const response = await fetch(`${gateway.url}/models`, { headers: await headers("oci") });
  expect(response.status).toBe(200);
  expect(gateway.requests).toMatchObject([{ allowed: true, path: "/v1/models" }]);
});

it("what the Okta plugin's variables said ends, imported, in a request the gateway answers", async () => {
  provider = await startProvider();
  gateway = await gatewayFor(provider.issuer);
  const env = {
    OKTA_ISSUER: provider.issuer,
    OKTA_CLIENT_ID: CLIENTS.public.client_id,
    OKTA_AUDIENCE: API.resource,
    OKTA_SCOPES: "openid offline_access api:read",
    HAIILO_AI_BASE_URL: gateway.url,
  };
  expect(await sandbox.run(["init", "--import"], { env })).toMatchObject({ code: 0 });
  expect(await signIn(sandbox, ["--profile", "okta"])).toMatchObject({ code: 0 });
  const response = await fetch(`${gateway.url}/models`, { headers: await headers("okta") });
  expect(response.status).toBe(200);
  expect(gateway.requests).toMatchObject([{ allowed: true, path: "/v1/models" }]);
});
