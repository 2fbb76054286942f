import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createCertificates } from "../../support/certificates.js";
import { Bench } from "../../support/tools/bench.js";
import { type Guarded, type GuardedOptions, json, startGuarded } from "../../support/tools/guarded.js";

/**
 * Tools that neither npm nor Debian has in a version that asks helpers: what they do is done here in their place, from the
 * configuration that `setup` wrote to the request, as their source has it.
 */
async function withServer(
  options: Pick<GuardedOptions, "tls" | "challenge">,
  work: (bench: Bench, server: Guarded) => Promise<void>,
): Promise<void> {
  const bench = await Bench.start();
  const server = await startGuarded(bench.provider, {
    ...options,
    answer: (_request, response) => json(response, {}),
  });
  try {
    await work(bench, server);
  } finally {
    await server.stop();
    await bench.stop();
  }
}

function status(url: string, authorization: string, ca?: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { authorization };
    const asked = url.startsWith("https:")
      ? httpsRequest(url, { headers, ca })
      : httpRequest(url, { headers });
    asked.once("error", reject).once("response", (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.end();
  });
}

/** A tool that ends with a refused token, and works again once there is another. */
async function endsWithRefusal(
  bench: Bench,
  server: Guarded,
  use: () => Promise<number | undefined>,
): Promise<void> {
  server.revoked.add(bench.tokens.tokens.access_token);
  expect(await use()).toBe(401);
  expect((await bench.command("refresh")).code).toBe(0);
  expect(await use()).toBe(200);
}

// astral-sh/uv, crates/uv-auth/src/keyring.rs: `keyring get URL USER`, then with host and port; without a user
// `--mode creds`, which is to answer in two lines; any other exit code than 0 is "none".
describe("uv (replayed)", () => {
  test("is given a password for the user in the index's address, and both without one", async () => {
    await withServer({ challenge: 'Basic realm="packages"' }, async (bench, server) => {
      bench.file(".config/uv/uv.toml", "# mine\noffline = false # no\n\n[pip]\nstrict = true\n");
      await bench.setup("uv", "--url", `${server.url}/simple`);
      const written = readFileSync(join(bench.home, ".config/uv/uv.toml"), "utf8");
      const [, provider] = /^keyring-provider = "(.*)"$/m.exec(written) ?? [];
      expect(provider).toBe("subprocess");
      const index = new URL(/^index-url = "(.*)"$/m.exec(written)?.[1] ?? "");
      const folder = join(bench.home, ".local/share/oidc-token/setup/bin/keyring");
      const keyring = async (...args: readonly string[]): Promise<string | undefined> => {
        const { code, stdout, stderr } = await bench.run("keyring", args, {
          env: { PATH: `${folder}:${bench.env.PATH}` },
        });
        expect(stderr).toBe("");
        return code === 0 ? stdout : undefined;
      };
      const basic = (user: string, password: string): string =>
        `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
      const use = async (): Promise<number | undefined> => {
        const user = index.username;
        const said =
          (await keyring("get", index.href, user)) ?? (await keyring("get", index.host, user)) ?? "";
        return await status(`${server.url}/simple/`, basic(user, said.trimEnd()));
      };
      await bench.live(async () => expect(await use()).toBe(200), "does not ask again");
      const bare = `${server.url}/simple`;
      const [user = "", password = ""] = (await keyring("get", bare, "--mode", "creds"))?.split("\n") ?? [];
      expect(await status(`${server.url}/simple/`, basic(user, password))).toBe(200);
      expect(await keyring("get", bare.replace("127.0.0.1", "127.0.0.2"), "oauth2")).toBe(undefined);
      await endsWithRefusal(bench, server, use);
      expect(await bench.undo("uv")).toEqual([]);
    });
  });
});

// bazelbuild/bazel, …/authandtls/credentialhelper/CredentialHelper.java, and EngFlow/credential-helper-spec, spec.md: the
// path alone with `get`, in the workspace, the request as JSON on stdin; lists of values; another code than 0 ends the build.
describe("bazel (replayed)", () => {
  test("is given headers until the token expires, and none for another host", async () => {
    await withServer({ challenge: "Bearer" }, async (bench, server) => {
      bench.file(".bazelrc", "# mine\nbuild --jobs=2");
      await bench.setup("bazel", "--url", `${server.url}/cache`);
      const written = readFileSync(join(bench.home, ".bazelrc"), "utf8");
      const [, host, program = ""] = /^common --credential_helper=([^=]+)=(.+)$/m.exec(written) ?? [];
      expect(host).toBe("127.0.0.1");
      const ask = async (uri: string) => {
        const { code, stdout } = await bench.run(program, ["get"], { input: JSON.stringify({ uri }) });
        expect(code).toBe(0);
        return JSON.parse(stdout) as { headers?: Record<string, string[]>; expires?: string };
      };
      const use = async (): Promise<number | undefined> => {
        const { headers = {}, expires = "" } = await ask(`${server.url}/cache/ac/1`);
        expect(Date.parse(expires) / 1000).toBeCloseTo(bench.tokens.tokens.expires_at ?? 0, -1);
        const [value = ""] = headers.Authorization ?? [];
        return await status(`${server.url}/cache/ac/1`, value);
      };
      await bench.live(async () => expect(await use()).toBe(200), "does not ask again");
      expect(await ask("https://127.0.0.1/cache")).toEqual({});
      await endsWithRefusal(bench, server, use);
      expect(await bench.undo("bazel")).toEqual([]);
    });
  });
});

// opentofu/opentofu, internal/command/cliconfig and its svcauth package: `.tofurc`, else `.terraformrc`, names one helper
// for all hosts, `terraform-credentials-NAME` in `~/.terraform.d/plugins`; its arguments, then the verb and the host.
describe("OpenTofu (replayed)", () => {
  test("is given a token for the host it asks for, may forget it, and may store none", async () => {
    const { ca, server: tls } = await createCertificates();
    await withServer({ tls, challenge: "Bearer" }, async (bench, server) => {
      bench.file(".terraformrc", "# mine\ndisable_checkpoint = true\n");
      const host = server.host.replace("127.0.0.1", "localhost");
      await bench.setup("terraform", "--url", `https://${host}`);
      const written = readFileSync(join(bench.home, ".terraformrc"), "utf8");
      const [, name] = /^credentials_helper "(.+)" \{\n {2}args = \[\]\n\}$/m.exec(written) ?? [];
      const program = join(bench.home, ".terraform.d/plugins", `terraform-credentials-${name}`);
      const use = async (): Promise<number | undefined> => {
        const { code, stdout, stderr } = await bench.run(program, ["get", host]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        const { token } = JSON.parse(stdout) as { token: string };
        return await status(`https://${host}/.well-known/terraform.json`, `Bearer ${token}`, ca.cert);
      };
      await bench.live(async () => expect(await use()).toBe(200), "does not ask again");
      expect(await bench.run(program, ["get", "registry.opentofu.org"])).toMatchObject({
        code: 0,
        stdout: "{}\n",
      });
      expect(await bench.run(program, ["forget", host])).toMatchObject({ code: 0, stdout: "", stderr: "" });
      const stored = await bench.run(program, ["store", host], { input: '{"token":"x"}' });
      expect(stored.code).toBe(1);
      expect(stored.stderr).toMatch(/^oidc-token: .+\n$/);
      await endsWithRefusal(bench, server, use);
      expect(await bench.undo("terraform")).toEqual([]);
    });
  });
});
