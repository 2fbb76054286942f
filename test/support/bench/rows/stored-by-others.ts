import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TokenFile } from "../../token-file.js";
import { onPath } from "../../tools/installed.js";
import { bare, type Contender, command, type Group } from "../contender.js";
import type { World } from "../world.js";

/** What a person writes who does without a program: no lock, no keyring, and a file that has to be filled by hand. */
const SCRIPT = `jq -e -r 'if .expires_at > now + 60 then .access_token else error("expired") end' "$TOKENS"
`;

/** A stored token, from ours and from what keeps one for other purposes. */
export default async function storedByOthers(world: World): Promise<Group[]> {
  const [runtime] = world.runtimes;
  if (!runtime) return [];
  const { sandbox, env } = await world.home();
  const { access_token, expires_at } = new TokenFile(sandbox).tokens;
  const folder = world.folder();
  const peers: Contender[] = [];
  const left_out = [
    "oidc-agent, whose daemon is to be given an account by hand",
    "@azure/msal-node with its keyring, whose native part (keytar) comes by an install script",
    "google-auth-library, which keeps no token from one process to the next",
  ];
  if (onPath("kubelogin", false).path === undefined) left_out.push("kubelogin, there is none here");

  if (onPath("jq", false).path === undefined) left_out.push("a script of jq, there is no jq");
  else {
    const [script, tokens] = [join(folder, "stored.sh"), join(folder, "tokens.json")];
    writeFileSync(script, SCRIPT);
    writeFileSync(tokens, JSON.stringify({ access_token, expires_at }), { mode: 0o600 });
    peers.push(command("a script of jq", ["sh", script], { env: { ...env, TOKENS: tokens } }));
  }

  const socket = join(folder, "git", "socket");
  const cache = ["git", "credential-cache", "--socket", socket];
  const question = "protocol=https\nhost=api.example.test\n";
  mkdirSync(join(folder, "git"), { mode: 0o700 });
  const stored = spawnSync(cache[0] as string, [...cache.slice(1), "--timeout", "36000", "store"], {
    env,
    input: `${question}username=x\npassword=${access_token}\n\n`,
    timeout: 10_000,
    // Its daemon would hold on to them.
    stdio: ["pipe", "ignore", "ignore"],
  });
  if (stored.status !== 0) left_out.push("git credential-cache, which did not start");
  else {
    world.later(() => spawnSync("git", [...cache.slice(1), "exit"], { env, timeout: 10_000 }));
    peers.push(command("git credential-cache", [...cache, "get"], { env, input: `${question}\n` }));
  }

  const floor = bare(runtime, env);
  const ours = command(`${runtime.name}, get, file`, [runtime.path, world.program, "get"], { env });
  return [
    {
      title: "A stored token, from what else keeps one",
      contenders: [floor, ours, ...peers],
      ratios: [floor, ...peers].map(({ name }) => ({ of: ours.name, to: [name] })),
      left_out,
    },
  ];
}
