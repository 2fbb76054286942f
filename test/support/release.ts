import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRelease } from "../../packaging/release.mjs";

/** All files of a release whose executables are these scripts, in a folder that `dispose` removes. */
export async function releaseOf(script: (platform: string) => string) {
  const parent = mkdtempSync(join(tmpdir(), "oidc-token-release-"));
  const folder = join(parent, "release");
  const executableOf = (platform: string): string => {
    const path = join(parent, platform);
    writeFileSync(path, script(platform), { mode: 0o755 });
    return path;
  };
  const insideOf = (platform: string) => [
    { name: "runtime", version: "1.2.3", license: "MIT", texts: [`of the runtime for ${platform}`] },
  ];
  await makeRelease({ repository: "owner/name", folder, executableOf, insideOf });
  return { folder, dispose: () => rmSync(parent, { recursive: true, force: true }) };
}
