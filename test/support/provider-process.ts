import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  type Behaviour,
  type Exchange,
  type ProviderOptions,
  startProvider,
  type TestProvider,
} from "./provider.js";
import type { Fault } from "./provider-faults.js";

/** A provider in a process of its own, which can be stopped with SIGSTOP. */
export interface ProviderProcess {
  readonly issuer: string;
  readonly pid: number;
  counts(): Promise<Record<string, number>>;
  exchanges(): Promise<readonly Exchange[]>;
  behave(change: Partial<Behaviour>): Promise<void>;
  /** `refuse` can't be undone from here, since nobody listens then: stop the provider instead. */
  fault(fault: Fault | undefined): Promise<void>;
  /** SIGSTOP: connections are taken by the kernel and never answered. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** Boots `startProvider` in a child process. Call `stop`. */
export async function startProviderProcess(options: ProviderOptions = {}): Promise<ProviderProcess> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", fileURLToPath(import.meta.url), JSON.stringify(options)],
    { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined } },
  );
  const { issuer } = await firstLine(child);
  const control = async (path: string, body?: unknown) => {
    const response = await fetch(`${issuer}/control/${path}`, {
      method: "POST",
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Pick<TestProvider, "counts" | "exchanges">;
  };
  return {
    issuer,
    pid: child.pid ?? 0,
    counts: async () => (await control("counts")).counts,
    exchanges: async () => (await control("exchanges")).exchanges,
    behave: async (change) => void (await control("behaviour", change)),
    fault: async (fault) => void (await control("fault", fault)),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once("exit", () => resolve());
        child.kill("SIGKILL");
      }),
  };
}

function firstLine(child: ChildProcess): Promise<{ issuer: string }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error("the provider did not start within 20 s"));
    }, 20_000);
    let said = "";
    child.stdout?.on("data", (chunk) => {
      said += chunk;
      if (!said.includes("\n")) return;
      clearTimeout(timer);
      resolve(JSON.parse(said));
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`the provider ended with ${code}`));
    });
  });
}

// `tsx test/support/provider-process.ts '{"port":4000}'` prints one line of JSON and serves until stdin closes.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const provider = await startProvider(JSON.parse(process.argv[2] ?? "{}"));
  process.stdout.write(`${JSON.stringify({ issuer: provider.issuer, pid: process.pid })}\n`);
  process.stdin.resume().once("end", () => process.exit(0));
}
