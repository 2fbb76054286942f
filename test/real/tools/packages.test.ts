import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createCertificates } from "../../support/certificates.js";
import { Bench } from "../../support/tools/bench.js";
import { type Guarded, type GuardedOptions, json, startGuarded } from "../../support/tools/guarded.js";
import { fromNpm, onPath } from "../../support/tools/installed.js";

const pnpm = fromNpm("pnpm@12.4.2");
const pip = onPath("pip", false);
const cargo = onPath("cargo", false);
const terraform = onPath("terraform", false);
/** `keyring-provider` came with pip 23.1. */
const pip_is_old = pip.path !== undefined && versionOf("pip") < 23.01;
const cargo_is_old = cargo.path !== undefined && versionOf("cargo") < 1.74;

/** A person and a server for one test. */
async function withServer(
  options: Omit<GuardedOptions, "challenge"> & { readonly challenge?: string },
  work: (bench: Bench, server: Guarded) => Promise<void>,
): Promise<void> {
  const bench = await Bench.start();
  const server = await startGuarded(bench.provider, { challenge: 'Basic realm="packages"', ...options });
  try {
    await work(bench, server);
  } finally {
    await server.stop();
    await bench.stop();
  }
}

/** A tool that ends with a refused token, and works again once there is another. */
async function endsWithRefusal(
  bench: Bench,
  server: Guarded,
  use: () => Promise<{ code: number | null }>,
): Promise<void> {
  server.revoked.add(bench.tokens.tokens.access_token);
  expect((await use()).code).not.toBe(0);
  expect((await bench.command("refresh")).code).toBe(0);
  expect((await use()).code).toBe(0);
}

describe.skipIf(pnpm.missing)(pnpm.named("pnpm"), () => {
  test("reads a package with tokens from tokenHelper, another after an expiry", async () => {
    const packument = {
      name: "demo",
      "dist-tags": { latest: "1.2.3" },
      versions: { "1.2.3": version("demo") },
    };
    await withServer({ answer: (_request, response) => json(response, packument) }, async (bench, server) => {
      bench.file(".npmrc", "; mine\nsave-exact=true\n");
      await bench.setup("pnpm", "--url", `${server.url}/`);
      const program = join(pnpm.path ?? "", "pnpm", "bin", "pnpm.mjs");
      const use = () =>
        bench.run(process.execPath, [program, "view", "demo", "version", "--registry", `${server.url}/`]);
      await bench.live(async () => {
        const { code, stdout, stderr } = await use();
        expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: expect.stringContaining("1.2.3") });
      }, "does not ask again");
      await endsWithRefusal(bench, server, use);
      expect(await bench.undo("pnpm")).toEqual([]);
    });
  });
});

describe.skipIf(pip.missing || pip_is_old)(
  pip.named(pip_is_old ? "pip (skipped: it is older than 23.1)" : "pip"),
  () => {
    test("installs from an index with tokens from its private keyring, another after an expiry", async () => {
      const wheel = makeWheel();
      const name = "demo-1.0-py3-none-any.whl";
      const page = `<!doctype html><html><body><a href="../../files/${name}">${name}</a></body></html>`;
      await withServer(
        {
          answer: (request, response) => {
            const is_wheel = request.url?.endsWith(".whl");
            response.writeHead(200, { "content-type": is_wheel ? "application/zip" : "text/html" });
            response.end(is_wheel ? wheel : page);
          },
        },
        async (bench, server) => {
          bench.file(".config/pip/pip.conf", "# mine\n[global]\ntimeout = 5\n");
          await bench.setup("pip", "--url", `${server.url}/simple`);
          const programs = join(bench.home, ".local/share/oidc-token/setup/bin/keyring");
          const env = { PATH: `${programs}:${bench.env.PATH}`, PIP_NO_CACHE_DIR: "1" };
          const args = ["download", "-q", "--no-deps", "-d", join(bench.home, "wheels"), "demo"];
          const use = () => bench.run("pip", args, { env });
          await bench.live(async () => {
            const { code, stderr } = await use();
            expect({ code, stderr }).toMatchObject({ code: 0 });
          }, "does not ask again");
          expect(server.calls.some(({ allowed, user }) => allowed && user === "oauth2")).toBe(true);
          expect(readFileSync(join(bench.home, "wheels", name))).toEqual(wheel);
          await endsWithRefusal(bench, server, use);
          expect(await bench.undo("pip")).toEqual([]);
        },
      );
    });
  },
);

describe.skipIf(cargo.missing || cargo_is_old)(
  cargo.named(cargo_is_old ? "cargo (skipped: it is older than 1.74)" : "cargo"),
  () => {
    test("reads a sparse index with auth-required, another token after an expiry", async () => {
      const entry = {
        name: "demo",
        vers: "1.0.0",
        deps: [],
        features: {},
        yanked: false,
        cksum: "0".repeat(64),
      };
      await withServer(
        {
          challenge: "Bearer",
          answer: (request, response) => {
            const { host } = request.headers;
            if (request.url?.endsWith("/config.json"))
              json(response, { dl: `http://${host}/dl`, api: `http://${host}`, "auth-required": true });
            else if (request.url?.endsWith("/de/mo/demo"))
              response.writeHead(200).end(`${JSON.stringify(entry)}\n`);
            else response.writeHead(404).end();
          },
        },
        async (bench, server) => {
          bench.file(
            ".cargo/config.toml",
            '# mine\n[net]\nretry = 0 # at once\n\n[registries.other]\nindex = "sparse+https://o.example/"\n',
          );
          await bench.setup("cargo", "--url", `${server.url}/index/`);
          const project = join(bench.home, "project");
          mkdirSync(join(project, "src"), { recursive: true });
          writeFileSync(join(project, "src/lib.rs"), "");
          writeFileSync(
            join(project, "Cargo.toml"),
            '[package]\nname = "p"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\ndemo = { version = "1", registry = "corp" }\n',
          );
          const env = {
            RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), ".rustup"),
            CARGO_HTTP_PROXY: "",
          };
          const use = () => bench.run("cargo", ["update"], { cwd: project, env });
          await bench.live(async () => {
            const { code, stderr } = await use();
            expect(stderr.includes("error") ? stderr : code).toBe(0);
          }, "does not ask again");
          expect(server.calls.some(({ allowed, scheme }) => allowed && scheme === "Bearer")).toBe(true);
          await endsWithRefusal(bench, server, use);
          expect(await bench.undo("cargo")).toEqual([]);
        },
      );
    });
  },
);

describe.skipIf(terraform.missing)(terraform.named("terraform"), () => {
  test("asks a provider registry with tokens, another after an expiry", async () => {
    const { ca, server: tls } = await createCertificates();
    await withServer(
      {
        tls,
        challenge: "Bearer",
        answer: (request, response) =>
          json(
            response,
            request.url?.endsWith("terraform.json") ? { "providers.v1": "/v1/" } : { versions: [] },
          ),
      },
      async (bench, server) => {
        bench.file(".terraformrc", "# mine\ndisable_checkpoint = true\n");
        await bench.setup("terraform", "--url", server.url.replace("127.0.0.1", "localhost"));
        const project = join(bench.home, "project");
        mkdirSync(project);
        writeFileSync(join(bench.home, "ca.pem"), ca.cert);
        const source = `${server.host.replace("127.0.0.1", "localhost")}/acme/demo`;
        writeFileSync(
          join(project, "main.tf"),
          `terraform {\n  required_providers {\n    demo = { source = "${source}" }\n  }\n}\n`,
        );
        const use = () =>
          bench.run("terraform", ["init", "-no-color"], {
            cwd: project,
            env: { SSL_CERT_FILE: join(bench.home, "ca.pem"), TF_CLI_CONFIG_FILE: undefined },
          });
        await bench.live(async () => {
          server.calls.length = 0;
          // A registry without a single version: that it says so shows that it was asked.
          expect((await use()).stderr).toContain("was not found");
          expect(server.calls.length).toBeGreaterThan(0);
          expect(server.calls.every(({ allowed, scheme }) => allowed && scheme === "Bearer")).toBe(true);
        }, "does not ask again");
        server.revoked.add(bench.tokens.tokens.access_token);
        expect((await use()).stderr).not.toContain("was not found");
        expect(await bench.undo("terraform")).toEqual([]);
      },
    );
  });
});

function version(name: string): object {
  const dist = { tarball: "http://127.0.0.1:9/x.tgz", shasum: createHash("sha1").update(name).digest("hex") };
  return { name, version: "1.2.3", dist };
}

function versionOf(program: string): number {
  const said = execFileSync(program, ["--version"], { encoding: "utf8" });
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(said) ?? [];
  return Number(major) + Number(minor) / 100;
}

/** The smallest wheel there is, zipped by Python itself. */
function makeWheel(): Buffer {
  const script = `
import io, sys, zipfile
out = io.BytesIO()
with zipfile.ZipFile(out, "w") as z:
    z.writestr("demo.py", "")
    z.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n")
    z.writestr("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    z.writestr("demo-1.0.dist-info/RECORD", "")
sys.stdout.buffer.write(out.getvalue())`;
  return execFileSync("python3", ["-c", script]);
}
