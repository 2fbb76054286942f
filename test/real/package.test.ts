import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { Sandbox } from "../support/command.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { type Registry, startRegistry } from "../support/registry.js";
import { installRuntimes, type Runtime } from "../support/runtimes.js";
import { browserProfile, signIn } from "../support/signed-in.js";

const must_run = process.env.OIDC_TOKEN_TEST_NO_SKIP === "1";
const runtimes = installRuntimes(["Node 20", "Node 22", "Node 24", "Bun"]);

let folder: string;
let tarball: string;
let provider: TestProvider;
let registry: Registry;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "oidc-token-package-"));
  // The process of its own that `npm run pack` is.
  tarball = execFileSync(process.execPath, ["packaging/pack.mjs", folder], { encoding: "utf8" }).trim();
  provider = await startProvider();
  registry = await startRegistry("@napi-rs/keyring");
});
afterAll(async () => {
  await registry.stop();
  await provider.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("is tried on Node 20, Node 22, Node 24 and Bun", ({ skip }) => {
  if (!must_run && runtimes.length < 4) skip("a runtime could not be installed from npm");
  expect(runtimes.map(({ name }) => name)).toEqual(["Node 20", "Node 22", "Node 24", "Bun"]);
});

describe.each(runtimes)(
  "the package, installed into an empty prefix with $name and nothing else on PATH",
  (runtime) => {
    let sandbox: Sandbox;
    let prefix: string;
    beforeAll(() => {
      sandbox = new Sandbox();
      sandbox.configure({ profiles: { dev: browserProfile(provider) } });
      prefix = join(sandbox.home, "prefix");
      mkdirSync(join(sandbox.home, "path"));
      symlinkSync(runtime.path, join(sandbox.home, "path", runtime.kind));
    });
    afterAll(() => sandbox.dispose());

    const environment = () => ({
      ...sandbox.env,
      PATH: `${join(sandbox.home, "path")}:${join(prefix, "bin")}`,
      npm_config_registry: registry.url,
      npm_config_prefix: prefix,
      npm_config_cache: join(sandbox.home, "npm-cache"),
      npm_config_update_notifier: "false",
      BUN_INSTALL: prefix,
      BUN_INSTALL_CACHE_DIR: join(sandbox.home, "bun-cache"),
      BUN_CONFIG_REGISTRY: registry.url,
    });
    const manage = (...args: readonly string[]) => packageManager(runtime, args, environment());
    // A command of a package names Node; where there is only Bun, it is called by name.
    const program = () => [
      ...(runtime.kind === "bun" ? [runtime.path] : []),
      join(prefix, "bin", "oidc-token"),
    ];

    it("installs without a warning and without asking for anything but the keyring's library", async () => {
      const before = registry.asked.length;
      // npm warns of scripts only where it may run them: once without.
      const quiet = runtime.name === "Node 24" ? [] : ["--ignore-scripts"];
      const said = await manage("install", "--global", ...quiet, tarball);
      expect(said).not.toMatch(/warn|deprecated|vulnerab/i);
      const asked = registry.asked.slice(before);
      expect(asked).toContain("/@napi-rs/keyring");
      expect(asked.filter((path) => !path.startsWith("/@napi-rs/keyring"))).toEqual([]);
    });

    it("puts every command of the manifest on PATH", () => {
      expect(readdirSync(join(prefix, "bin")).sort()).toEqual(Object.keys(manifest.bin).sort());
    });

    it.skipIf(runtime.kind === "bun")("puts its manual where man finds it", () => {
      expect(existsSync(join(prefix, "share/man/man1/oidc-token.1"))).toBe(true);
    });

    it("signs in, hands the token out and signs out", async () => {
      const options = { program: program(), env: environment() };
      expect(await sandbox.run(["--version"], options)).toMatchObject({
        code: 0,
        stdout: `${manifest.version}\n`,
      });
      expect(await signIn(sandbox, [], options)).toMatchObject({ code: 0 });
      const got = await sandbox.run(["get"], options);
      expect(got).toMatchObject({ code: 0, stderr: "" });
      expect(got.stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
      expect(await sandbox.run(["refresh"], options)).toMatchObject({ code: 0 });
      expect(await sandbox.run(["logout"], options)).toMatchObject({ code: 0 });
    });

    it("has the keyring's library, for this platform", async () => {
      const script =
        "const here = require('node:fs').realpathSync(process.env.PROGRAM);" +
        "console.log(typeof require('node:module').createRequire(here)('@napi-rs/keyring').AsyncEntry)";
      const env = { ...environment(), PROGRAM: join(prefix, "bin", "oidc-token") };
      const { stdout } = await promisify(execFile)(runtime.path, ["-e", script], { env, timeout: 20_000 });
      expect(stdout).toBe("function\n");
    });

    it("leaves nothing when it is uninstalled", async () => {
      await manage(runtime.kind === "bun" ? "remove" : "uninstall", "--global", manifest.name);
      // Bun keeps a list of what is installed globally.
      const left = filesBelow(prefix).filter(
        (path) => !/\/install\/global\/(?:package\.json|bun\.lock)$/.test(path),
      );
      expect(left).toEqual([]);
    });
  },
);

/** npm itself, run by the runtime that is tried, or Bun's own. */
async function packageManager({ kind, path }: Runtime, args: readonly string[], env: NodeJS.ProcessEnv) {
  const npm = realpathSync(execFileSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim());
  const words = kind === "bun" ? args : [npm, ...args];
  const { stdout, stderr } = await promisify(execFile)(path, words, { env, cwd: folder, timeout: 60_000 });
  return `${stdout}${stderr}`;
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}
