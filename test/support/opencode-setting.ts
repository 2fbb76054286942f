import { Sandbox } from "./command.js";
import { type Gateway, type GatewayOptions, startGateway } from "./gateway.js";
import { type ModelServer, startModelServer } from "./model-server.js";
import { OpenCode, openCodeBinary } from "./opencode.js";
import { API, startProvider, type TestProvider } from "./provider.js";
import { deviceProfile, signIn } from "./signed-in.js";

/** The key that the gateway lets through beside tokens. */
export const STATIC_KEY = "sk-static-key-of-the-test";

const binary = await openCodeBinary().catch((error: Error) => error);

/** Whether the tests with OpenCode can't run here and may be left out. */
export const openCodeMissing = binary instanceof Error && !process.env.OIDC_TOKEN_TEST_NO_SKIP;

/** The name of a group of these tests, with the reason where it is left out. */
export function named(group: string): string {
  return openCodeMissing ? `${group} (skipped: opencode-ai could not be installed from npm)` : group;
}

/** A company: its identity provider, its gateway and its model, and one user with OpenCode. */
export interface Setting {
  readonly provider: TestProvider;
  readonly model: ModelServer;
  readonly gateway: Gateway;
  readonly sandbox: Sandbox;
  readonly opencode: OpenCode;
  /** A profile that asks this provider and is for this gateway. */
  profile(overrides?: object): object;
  signIn(profile?: string): Promise<void>;
  /** Refresh tokens that the provider has exchanged. */
  refreshes(): number;
  stop(): Promise<void>;
}

/** Starts all of it, with one profile `acme` in the configuration and nobody signed in. Call `stop`. `env` is the user's. */
export async function startSetting(
  gatewayOptions: Partial<GatewayOptions> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Setting> {
  if (binary instanceof Error) throw binary;
  const provider = await startProvider();
  const model = await startModelServer();
  const gateway = await startGateway({
    issuer: provider.issuer,
    jwks_uri: `${provider.issuer}/jwks`,
    audience: API.resource,
    keys: [STATIC_KEY],
    upstream: model.url,
    ...gatewayOptions,
  });
  const sandbox = new Sandbox(env);
  const opencode = new OpenCode(binary, sandbox);
  const profile = (overrides: object = {}) =>
    deviceProfile(provider, { base_url: gateway.url, ...overrides });
  sandbox.configure({ profiles: { acme: profile() } });
  opencode.configure({ model: "acme/large", small_model: "acme/small" });
  return {
    provider,
    model,
    gateway,
    sandbox,
    opencode,
    profile,
    async signIn(name = "acme") {
      const { code, stderr } = await signIn(sandbox, ["--profile", name]);
      if (code !== 0) throw new Error(stderr);
    },
    refreshes: () => provider.counts["granted refresh_token"] ?? 0,
    async stop() {
      await opencode.dispose();
      sandbox.dispose();
      await Promise.all([provider.stop(), model.stop(), gateway.stop()]);
    },
  };
}
