import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("../../packaging/publish.sh", import.meta.url));
const on_path = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const has_all = process.platform !== "win32" && ["sha256sum", "openssl"].every(on_path);

/** As GitHub and npm: what they have is in files, which `gh` and `npm` change as the real ones do. */
const GH = `#!/bin/sh
echo "gh $*" >>"$LOG"
case "$2" in
  view) [ -e "$SITE/draft" ] || exit 1; cat "$SITE/draft" ;;
  create) [ ! -e "$SITE/draft" ] || exit 1; echo true >"$SITE/draft" ;;
  upload) [ ! -e "$SITE/fails" ] || exit 1; shift 4; cp "$@" "$SITE/files" ;;
  edit) echo false >"$SITE/draft" ;;
esac
`;
const NPM = `#!/bin/sh
echo "npm $*" >>"$LOG"
case "$1" in
  view) cat "$SITE/npm" 2>/dev/null || exit 1 ;;
  publish) printf sha512-%s "$(openssl dgst -sha512 -binary "$2" | base64 -w 0)" >"$SITE/npm" ;;
esac
`;

describe.skipIf(!has_all)("publish.sh", () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "oidc-token-publish-"));
    for (const name of ["bin", "release", "files"]) mkdirSync(join(home, name));
    writeFileSync(join(home, "bin/gh"), GH, { mode: 0o755 });
    writeFileSync(join(home, "bin/npm"), NPM, { mode: 0o755 });
    build("the package");
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const build = (text: string): void => {
    const name = "oidc-token-1.2.3.tgz";
    writeFileSync(join(home, "release", name), text);
    const sum = createHash("sha256").update(text).digest("hex");
    writeFileSync(join(home, "release/SHA256SUMS"), `${sum}  ${name}\n`);
  };
  const run = (step: string) => {
    const log = join(home, "log");
    rmSync(log, { force: true });
    const env = {
      PATH: `${join(home, "bin")}${delimiter}${process.env.PATH}`,
      GITHUB_REF_NAME: "v1.2.3",
      SITE: home,
      LOG: log,
    };
    const { status, stderr } = spawnSync("sh", [script, step, "release"], {
      cwd: home,
      env,
      encoding: "utf8",
    });
    const calls = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    return {
      status,
      stderr,
      did: calls.map((line) =>
        line
          .split(" ")
          .slice(0, line[0] === "g" ? 3 : 2)
          .join(" "),
      ),
    };
  };

  it("makes a draft of all files, then publishes the package, then shows the draft", () => {
    expect(run("draft").did).toEqual(["gh release view", "gh release create", "gh release upload"]);
    expect(readFileSync(join(home, "files/oidc-token-1.2.3.tgz"), "utf8")).toBe("the package");
    expect(existsSync(join(home, "files/SHA256SUMS"))).toBe(true);
    expect(run("npm").did).toEqual(["npm view", "npm publish"]);
    expect(readFileSync(join(home, "draft"), "utf8")).toBe("true\n");
    expect(run("release").did).toEqual(["gh release edit"]);
    expect(readFileSync(join(home, "draft"), "utf8")).toBe("false\n");
  });

  it("goes on with a draft whose upload has failed", () => {
    writeFileSync(join(home, "fails"), "");
    expect(run("draft").status).not.toBe(0);
    rmSync(join(home, "fails"));
    expect(run("draft")).toMatchObject({ status: 0, did: ["gh release view", "gh release upload"] });
  });

  it("takes the package that npm has for published, if it is this one", () => {
    run("npm");
    expect(run("npm")).toMatchObject({ status: 0, did: ["npm view"] });
    build("another package");
    expect(run("npm")).toMatchObject({
      status: 1,
      stderr: "publish.sh: npm has another package as 1.2.3\n",
      did: ["npm view"],
    });
  });

  it("replaces nothing that is public", () => {
    for (const step of ["draft", "npm", "release"]) run(step);
    expect(run("draft")).toMatchObject({
      status: 1,
      stderr: "publish.sh: v1.2.3 is public already\n",
      did: ["gh release view"],
    });
  });

  it.each(["draft", "npm", "release"])(
    "does nothing of the step %s for files that are not those of the list",
    (step) => {
      writeFileSync(join(home, "release/oidc-token-1.2.3.tgz"), "something else");
      const { status, stderr, did } = run(step);
      expect({ status, did }).toEqual({ status: 1, did: [] });
      expect(stderr).toContain("publish.sh: these are not the files that were tried\n");
    },
  );
});

it.skipIf(!on_path("shellcheck"))("publish.sh is one that shellcheck finds nothing in", () => {
  const options = ["--enable=all", "--exclude=SC2250,SC2310,SC2312"];
  expect(execFileSync("shellcheck", [...options, script], { encoding: "utf8" })).toBe("");
});
