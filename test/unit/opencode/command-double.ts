import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a run of the command does, by its first argument; `get refused` is `get --rejected-sha256`. */
export type Behaviour = Readonly<Record<string, Run>>;

interface Run {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
  /** Milliseconds before it ends. */
  readonly after?: number;
}

export interface Call {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly pid: number;
  /** The mark of an agent's shell. */
  readonly agent: string | undefined;
}

/** A process in place of `oidc-token` that does as it is told, and keeps what it was called with. */
export class CommandDouble {
  readonly #folder = mkdtempSync(join(tmpdir(), "oidc-token-double-"));
  readonly #calls = join(this.#folder, "calls");
  readonly #behaviour = join(this.#folder, "behaviour.json");
  readonly command: readonly string[];

  constructor() {
    const script = join(this.#folder, "double.cjs");
    writeFileSync(script, `(${main.toString()})(require("node:fs"), process.argv[2], process.argv[3])`);
    writeFileSync(this.#calls, "");
    this.command = [process.execPath, script, this.#behaviour, this.#calls];
  }

  behave(behaviour: Behaviour): void {
    writeFileSync(this.#behaviour, JSON.stringify(behaviour));
  }

  /** The calls of one command so far, or of all. */
  calls(name?: string): Call[] {
    const lines = readFileSync(this.#calls, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Call).filter(({ args }) => !name || args[0] === name);
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function main(fs: typeof import("node:fs"), behaviour: string, calls: string): void {
  const args = process.argv.slice(4);
  const agent = process.env.OIDC_TOKEN_AGENT;
  fs.appendFileSync(calls, `${JSON.stringify({ args, cwd: process.cwd(), pid: process.pid, agent })}\n`);
  const name = args.includes("--rejected-sha256") ? "get refused" : (args[0] ?? "");
  const run = (JSON.parse(fs.readFileSync(behaviour, "utf8")) as Behaviour)[name] ?? { code: 1 };
  process.stdout.write(run.stdout ?? "");
  process.stderr.write(run.stderr ?? "");
  process.exitCode = run.code ?? 0;
  setTimeout(() => {}, run.after ?? 0);
}
