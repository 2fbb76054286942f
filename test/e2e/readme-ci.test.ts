import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { API } from "../support/provider.js";
import { startUnattendedProvider, type UnattendedProvider } from "../support/unattended-provider.js";

const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
const section = /^## CI and other places without a person$(.*?)^## /ms.exec(readme)?.[1] ?? "";

let provider: UnattendedProvider;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startUnattendedProvider();
});
afterAll(() => provider.stop());
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

/** The code block that holds this text, with the provider of this test in the place of the example's. */
function snippet(text: string): string {
  const block = [...section.matchAll(/^```\w+\n(.*?)^```$/gms)].find(([, code]) => code?.includes(text))?.[1];
  if (block === undefined) throw new Error(`README.md has no snippet with ${text}`);
  return block.replaceAll("https://login.example.com", provider.issuer);
}

/** The variables that a snippet sets. */
function variables(text: string): Record<string, string> {
  const lines = text.matchAll(/^ +(OIDC_TOKEN_\w+): (?:"([^"]*)"|(\S+(?: \S+)* \}\}|\S+))/gm);
  return Object.fromEntries([...lines].map(([, name, quoted, bare]) => [name, quoted ?? bare ?? ""]));
}

function expectToken(header: string): void {
  expect(decodeJwt(header.trim().replace("Authorization: Bearer ", ""))).toMatchObject({ aud: API.resource });
}

it("the snippet for GitHub Actions works as it stands", async () => {
  const github = createServer(async ({ url = "" }, response) => {
    const audience = new URL(url, "http://github").searchParams.get("audience") ?? "";
    response.end(JSON.stringify({ value: await provider.trusted.issue({ aud: audience }) }));
  });
  await new Promise<void>((resolve) => void github.listen(0, "127.0.0.1", resolve));
  const env = {
    ...variables(snippet("id-token: write")),
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${(github.address() as AddressInfo).port}/?v=2`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "request-token",
    GITHUB_ACTIONS: "true",
    CI: "true",
  };
  const outcome = await sandbox.run(["get", "-f", "header"], { env });
  github.close();
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expectToken(outcome.stdout);
});

it("the snippet for Kubernetes works with the file where the pod has it", async () => {
  const pod = snippet("serviceAccountToken");
  const audience = /audience: "([^"]+)"/.exec(pod)?.[1] ?? "";
  const mount = /mountPath: ([^,]+)/.exec(pod)?.[1] ?? "";
  const config = snippet("{file:/var/run/secrets/tokens/llm}");
  expect(config).toContain(`{file:${mount}/${/path: (\w+)/.exec(pod)?.[1]}}`);
  const volume = join(sandbox.home, "tokens");
  mkdirSync(volume);
  writeFileSync(join(volume, "llm"), await provider.trusted.issue({ aud: audience }));
  sandbox.configure(config.replace(mount, volume));
  const outcome = await sandbox.run(["get", "-f", "header"]);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expectToken(outcome.stdout);
});

it("the snippet for a service with a key of its own works", async () => {
  sandbox.configure(snippet("private_key"));
  const outcome = await sandbox.run(["get", "-f", "header"], {
    env: { LLM_CLIENT_KEY: provider.signer.pem },
  });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expectToken(outcome.stdout);
});

it("the snippet for a static key works", async () => {
  const set = variables(snippet("OIDC_TOKEN_KEY"));
  expect(set.OIDC_TOKEN_KEY).toMatch(/^\$\{\{ secrets\.LLM_API_KEY \}\}$/);
  const env = { ...set, OIDC_TOKEN_KEY: "key-1234567" };
  expect(await sandbox.run(["get", "-f", "header"], { env })).toMatchObject({
    code: 0,
    stdout: "x-api-key: key-1234567\n",
    stderr: "",
  });
});
