import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PRESET_NAMES, presetNamed } from "../../src/providers/index.js";
import { type Outcome, Sandbox } from "../support/command.js";
import { createVisitor } from "../support/person.js";
import type { Fixture } from "../support/provider-fixtures/fixture.js";
import { FIXTURES } from "../support/provider-fixtures/index.js";
import { type FixtureServer, startFixture } from "../support/provider-fixtures/server.js";
import { loginEvents } from "../support/signed-in.js";

/** What the command did against one provider, step by step. */
interface Story {
  readonly browser: Outcome;
  readonly device: Outcome | undefined;
  readonly refreshed: Outcome;
  readonly declined: Outcome;
  readonly ended: Outcome;
  readonly server: FixtureServer;
}

const AT_ONCE = 5;
/** Milliseconds one command may take; generous, for they share the machine. */
const LIMIT = 60_000;
const stories = new Map<string, Story>();
const sandboxes: Sandbox[] = [];

/** Processes wait for their provider most of the time, so a few run side by side. */
beforeAll(async () => {
  const waiting = [...FIXTURES];
  const worker = async () => {
    for (let fixture = waiting.shift(); fixture; fixture = waiting.shift()) {
      stories.set(fixture.preset, await live(fixture));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}, 120_000);

afterAll(async () => {
  for (const sandbox of sandboxes) sandbox.dispose();
  await Promise.all([...stories.values()].map(({ server }) => server.stop()));
});

async function live(fixture: Fixture): Promise<Story> {
  const server = await startFixture(fixture);
  const sandbox = new Sandbox();
  sandboxes.push(sandbox);
  const flow = fixture.device ? ["device_code", "authorization_code"] : "authorization_code";
  const { preset, profile } = fixture;
  const issuer = `${server.origin}${fixture.issuer_path}`;
  // Several sign in at once, so each takes a port of its own.
  const redirect_uri = "http://127.0.0.1/callback";
  sandbox.configure({ profiles: { p: { preset, issuer, flow, redirect_uri, ...profile } } });

  const browser = await signIn(sandbox, ["--flow", "authorization_code"]);
  const device = fixture.device && (await signIn(sandbox, ["--flow", "device_code"]));
  const refreshed = await sandbox.run(["get", "--force-refresh"], { limit: LIMIT });
  server.person = "declines";
  const declined = await signIn(sandbox);
  server.session = "ended";
  const ended = await sandbox.run(["get", "--force-refresh"], { limit: LIMIT });
  return { browser, device, refreshed, declined, ended, server };
}

/** Runs `login` with a person in front of the browser; the fixture confirms devices by itself. */
async function signIn(sandbox: Sandbox, args: readonly string[] = []): Promise<Outcome> {
  const login = sandbox.start(["login", "--json", "--no-browser", ...args], { input: "", limit: LIMIT });
  for await (const event of loginEvents(login)) {
    if (event.event === "browser") await createVisitor().visit(event.url);
  }
  return await login.outcome;
}

function lastEvent(outcome: Outcome | undefined): Record<string, unknown> {
  return JSON.parse(outcome?.stdout.trim().split("\n").at(-1) ?? "{}");
}

it("there is a fixture with its sources for every preset", () => {
  expect(FIXTURES.map(({ preset }) => preset)).toEqual(PRESET_NAMES);
  for (const { sources } of FIXTURES) expect(sources.length).toBeGreaterThan(0);
});

describe.each(FIXTURES.map((fixture) => [fixture.preset, fixture] as const))("%s", (name, fixture) => {
  const story = () => stories.get(name) as Story;

  it("signs in with the browser", () => {
    const { browser, server } = story();
    expect(lastEvent(browser)).toMatchObject({ event: "done" });
    expect(browser.code).toBe(0);
    const [query] = server.authorizations;
    expect(query?.get("response_type")).toBe("code");
    expect(query?.get("code_challenge_method")).toBe("S256");
  });

  it.runIf(fixture.device)("signs in with a device code", () => {
    const { device } = story();
    expect(lastEvent(device)).toMatchObject({ event: "done" });
    expect(device?.code).toBe(0);
    const [shown] = device?.stdout.split("\n") ?? [];
    const { body } = fixture.device?.(story().server) ?? { body: {} };
    expect(JSON.parse(shown ?? "")).toMatchObject({
      event: "device_code",
      user_code: body.user_code,
      verification_uri: body.verification_uri ?? body.verification_url,
    });
  });

  it("hands out the new token after a refresh", () => {
    const { refreshed, server } = story();
    const tokens = server.issued.map(({ access_token }) => access_token);
    const signed_in = fixture.device ? 2 : 1;
    expect(tokens).toHaveLength(signed_in + 1);
    expect(refreshed).toMatchObject({ code: 0, stderr: "" });
    expect(refreshed.stdout.startsWith(tokens[signed_in] ?? "-")).toBe(true);
  });

  it("refreshes with the refresh token it was given last, rotated or not", () => {
    const { server } = story();
    const refreshes = server.seen.filter(({ form }) => form.get("grant_type") === "refresh_token");
    const given = server.issued.map(({ refresh_token }) => refresh_token);
    const signed_in = fixture.device ? 2 : 1;
    const rotates = "refresh_token" in fixture.refreshed(server.issued[0] as never).body;
    expect(refreshes.map(({ form }) => form.get("refresh_token"))).toEqual([
      given[signed_in - 1],
      given[rotates ? signed_in : signed_in - 1],
    ]);
    if (presetNamed(name)?.refresh_token === "rotates") expect(rotates).toBe(true);
    if (presetNamed(name)?.refresh_token === "stays") expect(rotates).toBe(false);
  });

  it(`ends with exit code ${fixture.declined_exit} when the person declines`, () => {
    const { declined } = story();
    expect(declined.code).toBe(fixture.declined_exit);
    expect(lastEvent(declined)).toMatchObject({ event: "error" });
    expect(declined.stderr).toContain(fixture.declined_says ?? fixture.declined.body.error);
    expect(declined.stderr).toMatch(/^oidc-token: hint: \S/m);
  });

  it("asks for a sign-in, exit code 3, when the session has ended", () => {
    const { ended } = story();
    expect(ended).toMatchObject({ code: 3, stdout: "" });
    expect(ended.stderr).toContain(String(fixture.ended.body.error));
    expect(ended.stderr).toContain("oidc-token login --profile p");
  });
});
