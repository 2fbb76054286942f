/**
 * `npm run demo`: the main job end to end, with the real command as a process, against an embedded OpenID provider and
 * a small gateway that checks each token. Everything is on loopback and in a temporary folder.
 */
import { styleText } from "node:util";
import { type Outcome, Sandbox } from "./command.js";
import { type Gateway, startGateway } from "./gateway.js";
import { createVisitor } from "./person.js";
import { API, startProvider, type TestProvider } from "./provider.js";
import { deviceProfile, loginEvents } from "./signed-in.js";

/** Seconds a token lives here, so that the demo can wait for one to expire. */
const LIFETIME = 4;
/** Milliseconds after which something is badly wrong. */
const LIMIT = 20_000;

const say = (text: string): void => console.log(text);
const heading = (text: string): void => say(`\n${styleText("bold", text)}`);

class Demo {
  constructor(
    readonly sandbox: Sandbox,
    readonly provider: TestProvider,
    readonly gateway: Gateway,
  ) {}

  async run(): Promise<void> {
    heading("1. Sign in with the device flow");
    await this.login();

    heading("2. Ask for the token");
    const token = await this.get();
    say(`  ${token.slice(0, 24)}… (${token.length} characters, from the store: the provider was not asked)`);

    heading("3. Use it: a request through a gateway that checks the token by the provider's keys");
    await this.request(token, 200);

    heading(`4. Wait ${LIFETIME} s, until the token has expired`);
    await new Promise((resolve) => setTimeout(resolve, LIFETIME * 1000 + 200));
    await this.request(token, 401);

    heading("5. Ask again: it is refreshed without a word");
    const refreshed = await this.get();
    expect(refreshed !== token, "a new token");
    expect(this.provider.counts["granted refresh_token"] === 1, "exactly one refresh");
    say(`  ${refreshed.slice(0, 24)}… (another one, with one request to the provider)`);
    await this.request(refreshed, 200);

    heading("6. Look at the status");
    indent((await this.command(["status"], 0)).stdout);

    heading("7. Tamper with the token: the gateway refuses it");
    await this.request(tampered(refreshed), 401);

    heading("8. Sign out: revoked at the provider, forgotten here");
    indent((await this.command(["logout"], 0)).stderr);
    indent((await this.command(["get"], 3)).stderr);
  }

  async login(): Promise<void> {
    say("  $ oidc-token login --json");
    const login = this.sandbox.start(["login", "--json"], { input: "" });
    for await (const event of loginEvents(login)) {
      say(`  ${JSON.stringify(event)}`);
      if (event.event === "device_code") {
        say("  (a stand-in for you opens that address, enters the code and agrees)");
        await createVisitor().approveDevice(event);
      }
    }
    const { code, stderr } = await login.outcome;
    expect(code === 0, `login to end with 0, not ${code}: ${stderr}`);
  }

  async get(): Promise<string> {
    return (await this.command(["get"], 0)).stdout.trim();
  }

  async command(args: readonly string[], code: number): Promise<Outcome> {
    const outcome = await this.sandbox.run(args);
    say(`  $ oidc-token ${args.join(" ")}   → exit ${outcome.code}, ${Math.round(outcome.took)} ms`);
    expect(outcome.code === code, `${args.join(" ")} to end with ${code}: ${outcome.stderr}`);
    return outcome;
  }

  async request(token: string, status: number): Promise<void> {
    const response = await fetch(`${this.gateway.url}/models`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(5_000),
    });
    const answer = await response.text();
    say(`  GET ${new URL(this.gateway.url).pathname}/models → ${response.status} ${answer}`);
    expect(response.status === status, `the gateway to answer ${status}`);
  }
}

function tampered(token: string): string {
  const [header, payload = "", signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: "somebody-else" })).toString("base64url");
  return [header, forged, signature].join(".");
}

function indent(text: string): void {
  for (const line of text.trimEnd().split("\n")) say(`  ${line}`);
}

function expect(held: boolean, what: string): void {
  if (!held) throw new Error(`the demo expected ${what}`);
}

const limit = setTimeout(() => {
  console.error("the demo did not end in time");
  process.exit(1);
}, LIMIT);
const sandbox = new Sandbox();
const provider = await startProvider({ access_token_ttl: LIFETIME });
const gateway = await startGateway({
  issuer: provider.issuer,
  jwks_uri: `${provider.issuer}/jwks`,
  audience: API.resource,
});
try {
  say("oidc-token, from nothing to a request through a gateway. Nothing here leaves this machine.");
  sandbox.configure({ profiles: { demo: deviceProfile(provider, { base_url: gateway.url }) } });
  await new Demo(sandbox, provider, gateway).run();
  say(`\n${styleText("green", "Done.")} Only a temporary folder was written to, and it is gone again.`);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  clearTimeout(limit);
  sandbox.dispose();
  await gateway.stop();
  await provider.stop();
}
