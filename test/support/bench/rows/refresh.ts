import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLIENTS } from "../../provider.js";
import { TokenFile } from "../../token-file.js";
import { fromNpm, onPath } from "../../tools/installed.js";
import { bare, type Contender, command, type Group } from "../contender.js";
import type { World } from "../world.js";

/** What a person writes who does without a program: no lock, no keyring, no discovery, no other provider. */
const SCRIPT = `set -eu
refresh_token=$(jq -r .refresh_token "$TOKENS")
curl -sSf --data-urlencode "refresh_token=$refresh_token" -d "grant_type=refresh_token&client_id=$CLIENT" "$ENDPOINT" >"$TOKENS.new"
jq -e -r .access_token "$TOKENS.new"
mv "$TOKENS.new" "$TOKENS"
`;

const GOOGLE = "google-auth-library@11.3.4";
const GOOGLE_SCRIPT = `const { OAuth2Client } = require("google-auth-library");
const { readFileSync, writeFileSync } = require("node:fs");
const { TOKENS, CLIENT, ENDPOINT } = process.env;
const { refresh_token } = JSON.parse(readFileSync(TOKENS, "utf8"));
const client = new OAuth2Client({ clientId: CLIENT, endpoints: { oauth2TokenUrl: ENDPOINT } });
client.setCredentials({ refresh_token });
// It puts the old refresh token in the place of one that was rotated.
client.on("tokens", (tokens) => writeFileSync(TOKENS, JSON.stringify({ refresh_token, ...tokens })));
client.refreshAccessToken().then(({ credentials }) => console.log(credentials.access_token));
`;

/** A refresh against a provider on this machine: one request, and everything that has to be loaded for it. */
export default async function refresh(world: World): Promise<Group[]> {
  const provider = await world.provider();
  const folder = world.folder();
  const left_out: string[] = [];

  /** Somebody else's home, with a refresh token of its own, since each works once. */
  const other = async (name: string): Promise<Record<string, string>> => {
    const { sandbox, env } = await world.home();
    const tokens = join(folder, `${name}.json`);
    const { refresh_token } = new TokenFile(sandbox).tokens;
    writeFileSync(tokens, JSON.stringify({ refresh_token }), { mode: 0o600 });
    return {
      ...env,
      ...{ TOKENS: tokens, CLIENT: CLIENTS.public.client_id, ENDPOINT: `${provider.issuer}/token` },
    };
  };

  const script = join(folder, "refresh.sh");
  writeFileSync(script, SCRIPT);
  const missing = ["curl", "jq"].filter((program) => onPath(program, false).path === undefined);
  for (const program of missing) left_out.push(`a script of curl and jq, there is no ${program}`);
  const by_hand =
    missing.length === 0
      ? command("a script of curl and jq", ["sh", script], { env: await other("script") })
      : undefined;

  const google = fromNpm(GOOGLE).path;
  const google_script = join(folder, "google.cjs");
  writeFileSync(google_script, GOOGLE_SCRIPT);
  if (google === undefined) left_out.push(`${GOOGLE}, it could not be installed from npm`);

  const groups: Group[] = [];
  for (const runtime of world.runtimes) {
    const { env } = await world.home();
    const floor = bare(runtime, env);
    const ours = command(`${runtime.name}, refresh`, [runtime.path, world.program, "refresh"], { env });
    const peers: Contender[] = by_hand ? [by_hand] : [];
    if (google !== undefined) {
      const tokens = await other(`google-${runtime.version}`);
      peers.push(
        command(`${runtime.name}, google-auth-library`, [runtime.path, google_script], {
          env: { ...tokens, NODE_PATH: google },
        }),
      );
    }
    groups.push({
      title: `A refresh, ${runtime.name}`,
      says: "The provider is in a process of its own, and its work counts.",
      contenders: [floor, ours, ...peers],
      ratios: [
        { of: ours.name, to: [floor.name], at_most: runtime.kind === "node" ? 4 : 6 },
        ...peers.map(({ name }) => ({ of: ours.name, to: [name] })),
      ],
      left_out,
    });
  }
  return groups;
}
