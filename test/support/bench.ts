/**
 * `npm run bench`: what a cached `get` costs beside the bare runtime and beside `secret-tool lookup`, on Node 20,
 * Node 24 and Bun. All commands take turns in one run, since machines change their speed within seconds; what counts
 * are the ratios of medians. Runtimes come from npm into a cache folder; a part that is missing is left out by name.
 *
 *     npm run bench -- [runs, 40 unless told]
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BIN, Sandbox } from "./command.js";
import { startProvider } from "./provider.js";
import { installRuntimes, type Runtime } from "./runtimes.js";
import { missingSecretServiceParts, startSecretService } from "./secret-service.js";
import { deviceProfile, signIn } from "./signed-in.js";

const runs = Number(process.argv[2] ?? 40);
const WARM_UP = 3;
/** Seconds; longer than any bench takes, so that the hot path is what is measured. */
const LIFETIME = 36_000;

interface Contender {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly took: number[];
}

function contender(name: string, argv: readonly string[], env: Readonly<Record<string, string>>): Contender {
  return { name, argv, env, took: [] };
}

/** Milliseconds of each, interleaved: A B C A B C … */
function measure(contenders: readonly Contender[]): void {
  for (let run = -WARM_UP; run < runs; run += 1) {
    for (const { argv, env, took, name } of contenders) {
      const [command = "", ...args] = argv;
      const started = process.hrtime.bigint();
      const result = spawnSync(command, args, {
        env,
        cwd: env.HOME,
        stdio: ["ignore", "pipe", "pipe"],
        timeout: 20_000,
      });
      const milliseconds = Number(process.hrtime.bigint() - started) / 1e6;
      if (result.status !== 0) throw new Error(`${name} ended with ${result.status}: ${result.stderr}`);
      if (run >= 0) took.push(milliseconds);
    }
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Kilobytes at the peak, as the process itself tells when it exits. */
function peakMemory(
  runtime: Runtime,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): number {
  const probe = join(env.HOME ?? "", "peak.cjs");
  writeFileSync(
    probe,
    'process.on("exit",()=>require("fs").writeSync(2,"peak "+process.resourceUsage().maxRSS))',
  );
  const samples = Array.from({ length: 5 }, () => {
    const { stderr } = spawnSync(runtime.path, [runtime.preload, probe, ...args], {
      env,
      cwd: env.HOME,
      encoding: "utf8",
    });
    return Number(/peak (\d+)/.exec(stderr)?.[1]);
  });
  return median(samples);
}

function report(
  title: string,
  rows: readonly (readonly [string, number, number | undefined])[],
  limit?: number,
): void {
  console.log(`\n${title}${limit === undefined ? "" : ` (aim: at most ${limit})`}`);
  for (const [name, value, ratio] of rows) {
    console.log(
      `  ${value.toFixed(1).padStart(7)}  ${ratio === undefined ? "      " : `×${ratio.toFixed(2)} `}  ${name}`,
    );
  }
}

const parts = missingSecretServiceParts();
const sandbox = new Sandbox();
const keyringSandbox = new Sandbox({ OIDC_TOKEN_STORE: "keyring" });
const provider = await startProvider({ access_token_ttl: LIFETIME });
const service = parts.length === 0 ? await startSecretService() : undefined;
try {
  const runtimes = installRuntimes();
  const { DBUS_SESSION_BUS_ADDRESS = "", XDG_RUNTIME_DIR = "" } = service?.env ?? {};
  const keyringEnv = { ...keyringSandbox.env, DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR };
  for (const [box, env] of [
    [sandbox, sandbox.env],
    ...(service ? [[keyringSandbox, keyringEnv] as const] : []),
  ] as const) {
    box.configure({ profiles: { bench: deviceProfile(provider) } });
    const outcome = await signIn(box, [], { env });
    if (outcome.code !== 0) throw new Error(`sign-in ended with ${outcome.code}: ${outcome.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await box.run(["get"], { env });
  }
  if (service) {
    spawnSync("secret-tool", ["store", "--label=bench", "service", "bench", "username", "bench"], {
      env: keyringEnv,
      input: "x".repeat(1000),
    });
  }
  const lookup = contender(
    "secret-tool lookup",
    ["secret-tool", "lookup", "service", "bench", "username", "bench"],
    keyringEnv,
  );
  const lines = runtimes.map((runtime) => ({
    runtime,
    bare: contender(`${runtime.name}, bare`, [runtime.path, "-e", "0"], sandbox.env),
    file: contender(`${runtime.name}, get, file store`, [runtime.path, BIN, "get"], sandbox.env),
    keyring: contender(`${runtime.name}, get, Secret Service`, [runtime.path, BIN, "get"], keyringEnv),
  }));
  measure([
    ...lines.flatMap((line) => [line.bare, line.file, ...(service ? [line.keyring] : [])]),
    ...(service ? [lookup] : []),
  ]);

  console.log(`medians of ${runs} interleaved runs, milliseconds, ${process.platform} ${process.arch}`);
  for (const { runtime, bare, file, keyring } of lines) {
    const floor = median(bare.took);
    report(
      `${runtime.name} ${runtime.version}: ratio to the bare runtime`,
      [
        [bare.name, floor, undefined],
        [file.name, median(file.took), median(file.took) / floor],
      ],
      runtime.kind === "node" ? 1.15 : undefined,
    );
    if (service) {
      const reference = runtime.kind === "node" ? floor + median(lookup.took) : median(lookup.took);
      const against = runtime.kind === "node" ? "bare runtime + secret-tool lookup" : "secret-tool lookup";
      report(
        `${runtime.name}: ratio to ${against}`,
        [
          [lookup.name, median(lookup.took), undefined],
          [keyring.name, median(keyring.took), median(keyring.took) / reference],
        ],
        runtime.kind === "node" ? 1 : 2.2,
      );
    }
    const [bareMemory, getMemory] = [
      peakMemory(runtime, ["-e", "0"], sandbox.env),
      peakMemory(runtime, [BIN, "get"], sandbox.env),
    ];
    report(
      `${runtime.name}: peak memory in MB, ratio to the bare runtime`,
      [
        ["bare", bareMemory / 1024, undefined],
        ["get, file store", getMemory / 1024, getMemory / bareMemory],
      ],
      1.25,
    );
  }
  for (const part of parts) console.log(`\nleft out, Secret Service: ${part} is not installed`);
} finally {
  sandbox.dispose();
  keyringSandbox.dispose();
  await service?.stop();
  await provider.stop();
}
