import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { BIN, Sandbox } from "./command.js";
import { startDescribedApi } from "./described-api.js";
import { createVisitor } from "./person.js";
import { startProvider, type TestProvider } from "./provider.js";
import { startSecretService } from "./secret-service.js";
import { startTerminal } from "./terminal.js";
import { terminalSvg } from "./terminal-svg.js";

const [COLUMNS, ROWS] = [92, 50];
/** What the addresses on this machine are shown as: as long as they are, so that no frame is moved. */
const [API_HOST, PROVIDER_HOST] = ["ai.example.com", "id.example.com"];

/** A sequence that changes how text looks. */
const LOOK = "\\u001b\\[[\\d;]*m";

/**
 * The first hour as a picture: a real shell on a real terminal, with the real command, keyring, provider and API, from
 * nothing to a request. Only what differs from run to run is made the same: addresses and the code of the sign-in.
 */
export async function recordFirstHour(): Promise<string> {
  const ends: (() => unknown)[] = [];
  try {
    const provider = await startProvider({
      // So that a few seconds more or less are not seen.
      access_token_ttl: 3630,
      settings: (settings) => ({
        ...settings,
        features: { ...settings.features, registration: { enabled: true, initialAccessToken: false } },
      }),
    });
    ends.push(provider.stop);
    const api = await startApi(provider);
    ends.push(api.stop);
    const keyring = await startSecretService("present");
    ends.push(keyring.stop);
    const sandbox = new Sandbox();
    ends.push(() => sandbox.dispose());
    const { DBUS_SESSION_BUS_ADDRESS = "", XDG_RUNTIME_DIR = "" } = keyring.env;
    const { OIDC_TOKEN_STORE: _, ...own } = sandbox.env;
    const bin = join(sandbox.home, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "oidc-token"), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`, {
      mode: 0o700,
    });
    const start = join(sandbox.home, "start.sh");
    writeFileSync(start, `PS1='$ '\nPATH='${bin}':"$PATH"\n`);
    const env = { ...own, DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR, ENV: start };
    const terminal = await startTerminal("sh -i", env, sandbox.home, [COLUMNS, ROWS]);
    ends.push(terminal.stop);
    const enter = async (line: string): Promise<void> => {
      await terminal.until(/(?:^|\n)\$ ?\n*$/);
      await terminal.type(line);
      await terminal.press("Enter");
    };

    await enter(`oidc-token init ${api.url}`);
    await terminal.until(/Write this profile and sign in/);
    await terminal.press("Enter");
    const shown = await terminal.until(/left \(Ctrl-C to cancel\)/);
    const user_code = /[A-Z]{4}-[A-Z]{4}/.exec(shown)?.[0] ?? "";
    await createVisitor().approveDevice({ verification_uri: `${provider.issuer}/device`, user_code });
    await enter("oidc-token get | cut -c 1-40");
    await enter(`oidc-token get -f header | curl -H @- ${api.url}/models`);
    await terminal.until(/"large"[\s\S]*\n\$ ?\n*$/);
    const screen = (await terminal.coloured())
      .replaceAll(user_code, "WDJB-MJHT")
      .replaceAll(`http://${new URL(api.url).host}`, `https://${API_HOST}`)
      .replaceAll(`http://${new URL(provider.issuer).host}`, `https://${PROVIDER_HOST}`)
      // A frame is drawn up to its end, and the name is one character shorter.
      .replace(new RegExp(`${new URL(api.url).host}((?:${LOOK})*) ((?:${LOOK})*)─`), `${API_HOST}$1 $2──`)
      .replaceAll(join(sandbox.home, "config"), "/home/ada/.config");
    return terminalSvg(screen, COLUMNS, "From the address of an API to a token that it takes");
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** An API that describes itself, and lists its models to whoever has a token of the provider for it. */
async function startApi(provider: TestProvider) {
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
  const api = await startDescribedApi();
  api.at("/.well-known/oauth-protected-resource/v1", {
    document: { resource: api.url, authorization_servers: [provider.issuer], scopes_supported: ["api:read"] },
  });
  api.at("/v1/models", {
    act: async ({ headers }, response) => {
      const token = headers.authorization?.replace(/^Bearer /, "") ?? "";
      const is_good = await jwtVerify(token, keys, { audience: api.url }).catch(() => undefined);
      response.writeHead(is_good ? 200 : 401, { "content-type": "application/json" });
      response.end(is_good ? '{"data":[{"id":"large"},{"id":"small"}]}\n' : "{}\n");
    },
  });
  return api;
}
