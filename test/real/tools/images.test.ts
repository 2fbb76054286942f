import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Bench } from "../../support/tools/bench.js";
import { type Guarded, json, startGuarded } from "../../support/tools/guarded.js";
import { onPath } from "../../support/tools/installed.js";

const AUTHS = '{\n  "auths": { "other.example": { "auth": "eDp5" } }\n}\n';
const MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG = JSON.stringify({
  architecture: "amd64",
  os: "linux",
  rootfs: { type: "layers", diff_ids: [] },
});
const digest = sha256(CONFIG);
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: MANIFEST_TYPE,
  config: { mediaType: "application/vnd.docker.container.image.v1+json", size: CONFIG.length, digest },
  layers: [],
});

const PROGRAMS = [
  {
    found: onPath("skopeo", true),
    name: "skopeo",
    args: ["inspect", "--raw", "--tls-verify=false", "docker://IMAGE"],
  },
  {
    found: onPath("podman", true),
    name: "podman",
    // Nothing of the machine's own storage.
    args: [
      ...["--root", "HOME/storage", "--runroot", "HOME/run", "--storage-driver", "vfs"],
      ...["pull", "--quiet", "--tls-verify=false", "IMAGE"],
    ],
  },
  { found: onPath("docker", false), name: "docker", args: ["manifest", "inspect", "--insecure", "IMAGE"] },
] as const;

/** Where podman, run as root, notes what it pulled, whatever its storage; and the folders around it. */
const PULLED = [
  "/var/lib/containers/cache/blob-info-cache-v1.boltdb",
  "/var/lib/containers/cache",
  "/var/lib/containers",
].filter((path) => !existsSync(path));

let bench: Bench;
let server: Guarded;
beforeAll(async () => {
  bench = await Bench.start();
  server = await startGuarded(bench.provider, {
    challenge: 'Basic realm="registry"',
    answer: (request, response) => {
      if (request.url?.endsWith(`/blobs/${digest}`)) return void response.writeHead(200).end(CONFIG);
      if (!request.url?.includes("/manifests/")) return json(response, {});
      const headers = {
        "content-type": MANIFEST_TYPE,
        "docker-content-digest": sha256(MANIFEST),
      };
      response.writeHead(200, headers).end(request.method === "HEAD" ? "" : MANIFEST);
    },
  });
});
afterAll(async () => {
  await server?.stop();
  await bench?.stop();
  for (const path of PULLED) removeIfEmpty(path);
});

/** A file, or a folder with nothing in it. */
function removeIfEmpty(path: string): void {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) rmSync(path);
  else if (readdirSync(path).length === 0) rmdirSync(path);
}

for (const { found, name, args } of PROGRAMS) {
  describe.skipIf(found.missing)(found.named(name), () => {
    test("reads an image with a token, another after an expiry; a refused one ends the command", async () => {
      const use = () => {
        const words = args.map((word) =>
          word.replace("IMAGE", `${server.host}/team/image:latest`).replace("HOME", bench.home),
        );
        return bench.run(name, words);
      };
      bench.file(".docker/config.json", AUTHS);
      await bench.setup("docker", "--url", server.url);
      await bench.live(async () => {
        const { code, stdout, stderr } = await use();
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(stdout).toContain(digest.slice("sha256:".length));
      }, "does not ask again");
      const used = server.calls.filter(({ allowed }) => allowed);
      expect(new Set(used.map(({ scheme, user }) => `${scheme} ${user}`))).toEqual(new Set(["Basic oauth2"]));

      server.revoked.add(bench.tokens.tokens.access_token);
      expect((await use()).code).not.toBe(0);
      expect((await bench.command("refresh")).code).toBe(0);
      expect((await use()).code).toBe(0);
      expect(await bench.undo("docker")).toEqual([]);
      server.calls.length = 0;
      expect((await use()).code).not.toBe(0);
      expect(server.calls.filter(({ token }) => token)).toEqual([]);
    });
  });
}

function sha256(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
