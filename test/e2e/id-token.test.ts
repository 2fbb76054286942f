import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

/** What the provider's own keys are answered with, where not with them. */
let jwks: { status: number; body: unknown } | undefined;
/** Changes what the token endpoint answers. */
let change: ((answer: Record<string, unknown>) => void) | undefined;
let provider: TestProvider;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startProvider({
    middleware: async (ctx, next) => {
      await next();
      if (ctx.path === "/token" && ctx.status === 200) change?.(ctx.body as Record<string, unknown>);
      if (ctx.path === "/jwks" && jwks) Object.assign(ctx, jwks);
    },
  });
});
afterAll(() => provider.stop());
beforeEach(() => {
  jwks = change = undefined;
  sandbox = new Sandbox();
  sandbox.configure({ profiles: { acme: browserProfile(provider) } });
});
afterEach(() => sandbox.dispose());

const keysAsked = () => provider.counts["/jwks"] ?? 0;
const tokens = () => new TokenFile(sandbox).tokens;

it("an ID token has its signature checked when it is first used as a credential, and not before or again", async () => {
  const before = keysAsked();
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
  expect(keysAsked()).toBe(before);
  const first = await sandbox.run(["get", "--id-token"]);
  expect(first).toMatchObject({ code: 0, stderr: "", stdout: `${tokens().id_token}\n` });
  for (const format of ["token", "exec-credential"])
    expect(await sandbox.run(["get", "--id-token", "-f", format])).toMatchObject({ code: 0, stderr: "" });
  expect(keysAsked()).toBe(before + 1);
  expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
  expect(await sandbox.run(["get", "--id-token"])).toMatchObject({ code: 0, stderr: "" });
  expect(keysAsked()).toBe(before + 2);
});

it("an ID token that the provider did not sign is handed to nobody: exit 7", async () => {
  change = (answer) => {
    const [header, payload, signature = ""] = `${answer.id_token}`.split(".");
    const other = signature.startsWith("A") ? "B" : "A";
    answer.id_token = `${header}.${payload}.${other}${signature.slice(1)}`;
  };
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  for (const _ of [1, 2]) {
    const outcome = await sandbox.run(["get", "--id-token"]);
    expect(expectFailure(outcome, 7).message).toBe("the ID token is not signed by the provider");
  }
  expect(await sandbox.run(["get"])).toMatchObject({ code: 0, stderr: "" });
});

it.each([
  ["are not shown", { status: 401, body: { error: "no" } }, "does not show the keys"],
  [
    "are none that can be used",
    { status: 200, body: { keys: [{ kty: "RSA", kid: "test", use: "sig", alg: "RS256" }] } },
    "holds a key that can't be used",
  ],
  ["are others", { status: 200, body: { keys: [] } }, "signed with a key that the provider does not show"],
])("an ID token whose keys %s: exit 7, and the token is not handed out", async (_, keys, sentence) => {
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  jwks = keys;
  expect(expectFailure(await sandbox.run(["get", "--id-token"]), 7).message).toContain(sentence);
});

it("an ID token of a refresh that is not to be believed: exit 7, and the session goes on", async () => {
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  const { id_token, refresh_token } = tokens();
  change = (answer) => {
    const [header] = `${answer.id_token}`.split(".");
    const claims = { iss: provider.issuer, aud: "somebody-else", sub: "person", exp: 9e9, iat: 1 };
    answer.id_token = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
  };
  expectFailure(await sandbox.run(["refresh"]), 7);
  expect(tokens()).toMatchObject({ id_token });
  expect(tokens().refresh_token).not.toBe(refresh_token);
  change = undefined;
  expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
});

it("tokens of another person are not taken in a refresh: exit 7", async () => {
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  const before = tokens();
  change = (answer) => {
    const [header] = `${answer.id_token}`.split(".");
    const claims = { iss: provider.issuer, aud: "public-cli", sub: "another", exp: 9e9, iat: 1 };
    answer.id_token = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
  };
  expect(expectFailure(await sandbox.run(["refresh"]), 7).message).toContain("tokens of somebody else");
  expect(tokens().access_token).toBe(before.access_token);
});
