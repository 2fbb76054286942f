import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable } from "../../../../standalone.mjs";
import { bare, type Contender, command, type Group, type Ratio } from "../contender.js";
import type { World } from "../world.js";

/** The executable's `get` with a stored, valid token, beside compiled programs that print what they keep in a file. */
export default async function standalone(world: World): Promise<Group[]> {
  const file = executable();
  const title = "A stored token, the executable";
  const bun = world.runtimes.find(({ kind }) => kind === "bun");
  const missing = [
    ...(existsSync(file) ? [] : ["the executable is not made: npm run standalone"]),
    ...(bun ? [] : ["Bun could not be installed"]),
  ];
  if (!bun || missing.length > 0) return [{ title, contenders: [], ratios: [], left_out: missing }];
  const { env } = await world.home();
  // Another file runs here than the one that signed in; what it knows of the configuration is the same.
  const own = command("executable, get, file", [file, "get"], { env });
  const floor = bare(bun, env);
  const peers = [gh(world), credentialStore(world)].filter((peer) => peer !== undefined);
  return [
    {
      title,
      says: "`gh auth token` (Go) and `git credential-store` (C) run no daemon and print a secret from a file of theirs; neither knows of expiry.",
      contenders: [floor, own, ...peers.map(({ contender }) => contender)],
      ratios: [
        { of: own.name, to: [floor.name], at_most: 2 },
        ...peers.map(({ contender, ...aim }): Ratio => ({ of: own.name, to: [contender.name], ...aim })),
      ],
      left_out: peers.length === 2 ? [] : ["gh or git, which is not installed"],
    },
  ];
}

interface Peer {
  readonly contender: Contender;
  readonly at_most?: number;
}

function gh(world: World): Peer | undefined {
  if (spawnSync("gh", ["--version"]).status !== 0) return undefined;
  const folder = world.folder();
  writeFileSync(join(folder, "hosts.yml"), `github.com:\n    oauth_token: ${SECRET}\n    user: bench\n`);
  const env = { PATH: process.env.PATH ?? "", HOME: folder, GH_CONFIG_DIR: folder };
  return { contender: command("gh auth token", ["gh", "auth", "token"], { env }), at_most: 1.5 };
}

/** What git itself takes to read a file: the floor of any program, not an aim. */
function credentialStore(world: World): Peer | undefined {
  const { status, stdout } = spawnSync("git", ["--exec-path"], { encoding: "utf8" });
  const program = join(stdout?.trim() ?? "", "git-credential-store");
  if (status !== 0 || !existsSync(program)) return undefined;
  const home = world.folder();
  const store = join(home, "credentials");
  writeFileSync(store, `https://bench:${SECRET}@git.example\n`, { mode: 0o600 });
  const env = { PATH: process.env.PATH ?? "", HOME: home };
  const input = "protocol=https\nhost=git.example\n\n";
  return {
    contender: command("git credential-store get", [program, "--file", store, "get"], { env, input }),
  };
}

const SECRET = "x".repeat(700);
