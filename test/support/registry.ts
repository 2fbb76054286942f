import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import lock from "../../package-lock.json" with { type: "json" };

interface Locked {
  readonly version: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Registry {
  readonly url: string;
  /** The paths that were asked for. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * A registry on loopback with these packages and their optional ones, as package-lock.json has them: metadata of all,
 * and the code of those that `npm ci` has installed here, packed again.
 */
export async function startRegistry(...names: readonly string[]): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), "oidc-token-registry-"));
  const locked = (name: string) => (lock.packages as Record<string, Locked>)[`node_modules/${name}`];
  const all = names.flatMap((name) => [name, ...Object.keys(locked(name)?.optionalDependencies ?? {})]);
  const tarballs = new Map<string, Buffer>();
  for (const name of all.filter((each) => existsSync(join(root, "node_modules", each)))) {
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    const answer = execFileSync("npm", [...args, join(root, "node_modules", name)], { encoding: "utf8" });
    tarballs.set(
      name,
      readFileSync(join(folder, (JSON.parse(answer) as [{ filename: string }])[0].filename)),
    );
  }
  rmSync(folder, { recursive: true, force: true });

  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    asked.push(path);
    const name = path.slice(1).replace(/\/-\/package\.tgz$/, "");
    const tarball = tarballs.get(name);
    if (path.endsWith(".tgz")) return void response.writeHead(tarball ? 200 : 404).end(tarball);
    const known = all.includes(name) ? locked(name) : undefined;
    if (!known) return void response.writeHead(404).end("{}");
    const { version, os, cpu, libc, optionalDependencies } = known;
    const sha512 = createHash("sha512")
      .update(tarball ?? "")
      .digest("base64");
    const dist = { tarball: `${url}/${name}/-/package.tgz`, integrity: `sha512-${sha512}` };
    const versions = { [version]: { name, version, os, cpu, libc, optionalDependencies, dist } };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ name, "dist-tags": { latest: version }, versions }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
