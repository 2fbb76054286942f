import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCertificates } from "../../support/certificates.js";
import { Bench } from "../../support/tools/bench.js";
import { type Guarded, startGuarded } from "../../support/tools/guarded.js";
import { onPath } from "../../support/tools/installed.js";

/** OIDC_TOKEN_TEST_GIT names another one, which may be newer than the system's. */
const GIT = process.env.OIDC_TOKEN_TEST_GIT ?? "git";
const git = onPath(GIT, true);
/** `capability[]=authtype` came with 2.46. */
const bearer = !git.missing && versionOf() >= 2.46;

describe.skipIf(git.missing)(git.named(`git over https, by ${bearer ? "Bearer" : "Basic"}`), () => {
  let bench: Bench;
  let server: Guarded;
  let folder: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "oidc-token-git-"));
    makeRepository(folder);
    const { ca, server: certificate } = await createCertificates();
    writeFileSync(join(folder, "ca.pem"), ca.cert);
    env = { GIT_SSL_CAINFO: join(folder, "ca.pem") };
    bench = await Bench.start();
    server = await startGuarded(bench.provider, {
      tls: certificate,
      challenge: bearer ? 'Bearer realm="git"' : 'Basic realm="git"',
      answer: (request, response, body) => httpBackend(folder, request, response, body),
    });
  });
  afterAll(async () => {
    await server?.stop();
    await bench?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  let clones = 0;
  async function clone(): Promise<{ code: number | null; stderr: string }> {
    clones += 1;
    const target = join(bench.home, `clone-${clones}`);
    const outcome = await bench.run(GIT, ["clone", "-q", `${server.url}/repo.git`, target], { env });
    if (outcome.code === 0) expect(readFileSync(join(target, "hello"), "utf8")).toBe("hello\n");
    return outcome;
  }

  test("clones with a token, another after an expiry, and after a refusal with the next command", async () => {
    bench.file(".gitconfig", "; mine\n[user]\n\tname = A # B\n[init]\n\tdefaultBranch = main", 0o644);
    await bench.setup("git", "--url", server.url);
    await bench.live(
      async () => expect(await clone()).toMatchObject({ code: 0, stderr: "" }),
      "does not ask again",
    );
    const used = server.calls.filter(({ allowed }) => allowed);
    expect(new Set(used.map(({ scheme }) => scheme))).toEqual(new Set([bearer ? "Bearer" : "Basic"]));

    server.revoked.add(bench.tokens.tokens.access_token);
    const refused = await clone();
    expect(refused.code).not.toBe(0);
    // git has told which token it was: exactly that one is over.
    expect(await clone()).toMatchObject({ code: 0, stderr: "" });
    expect(await bench.undo("git")).toEqual([]);
    expect((await clone()).code).not.toBe(0);
  });

  test("another host, another port and a look-alike get no token from it", async () => {
    await bench.setup("git", "--url", server.url);
    const stranger = await startGuarded(bench.provider, {
      challenge: 'Basic realm="git"',
      answer: (_request, response) => response.writeHead(404).end(),
    });
    try {
      for (const url of [stranger.url, stranger.url.replace("127.0.0.1", "localhost")])
        expect((await bench.run(GIT, ["ls-remote", `${url}/repo.git`], { env })).code).not.toBe(0);
      expect(stranger.calls.length).toBeGreaterThan(0);
      expect(stranger.calls.filter(({ token }) => token !== undefined)).toEqual([]);
    } finally {
      await stranger.stop();
    }
    expect(await bench.undo("git")).toEqual([]);
  });
});

function versionOf(): number {
  const [, version = "0"] = /(\d+\.\d+)/.exec(execFileSync(GIT, ["--version"], { encoding: "utf8" })) ?? [];
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major + minor / 100;
}

function makeRepository(folder: string): void {
  const work = join(folder, "work");
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.test"];
  const run = (...args: string[]) => execFileSync(GIT, args, { stdio: "ignore", cwd: folder });
  run("init", "-q", work);
  writeFileSync(join(work, "hello"), "hello\n");
  run("-C", work, "add", "hello");
  run("-C", work, ...identity, "commit", "-qm", "hello");
  run("clone", "-q", "--bare", work, join(folder, "repo.git"));
}

/** git's own server, over CGI (RFC 3875). */
function httpBackend(folder: string, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const url = new URL(request.url ?? "/", "http://git");
  const child = spawn(GIT, ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"] ?? ""),
      REMOTE_USER: "oauth2",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(body);
  child.once("close", () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf("\r\n\r\n");
    const headers = answer.subarray(0, end).toString("latin1").split("\r\n");
    const status = headers.find((line) => line.startsWith("Status:"));
    for (const line of headers) {
      const colon = line.indexOf(":");
      if (line !== status) response.setHeader(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    response.writeHead(status ? Number.parseInt(status.slice(7), 10) : 200).end(answer.subarray(end + 4));
  });
}
