import { execFile, execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { TARGETS } from "../../standalone.mjs";
import { releaseOf } from "../support/release.js";

const must_run = process.env.OIDC_TOKEN_TEST_NO_SKIP === "1";
const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const left_out = (program: string) => !must_run && !has(program);

let release: Awaited<ReturnType<typeof releaseOf>>;
let broken: typeof release;
beforeAll(async () => {
  broken = await releaseOf(() => "#!/bin/sh\necho 'no such library' >&2\nexit 127\n");
  release = await releaseOf((platform) => `#!/bin/sh\necho "${manifest.version} for ${platform}"\n`);
});
afterAll(() => {
  release.dispose();
  broken.dispose();
});

describe("a release", () => {
  it("has the package, an archive for each platform, the recipes, the bill of materials, and the checksums of all", () => {
    const archives = Object.keys(TARGETS).map((platform) => `oidc-token-${platform}.tar.gz`);
    const others = ["Containerfile", "PKGBUILD", "install.sh", "oidc-token.rb", "sbom.cdx.json"];
    const expected = [...archives, ...others, `oidc-token-${manifest.version}.tgz`];
    expect(readdirSync(release.folder).sort()).toEqual([...expected, "SHA256SUMS"].sort());
    execFileSync("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: release.folder });
    expect(readFileSync(join(release.folder, "SHA256SUMS"), "utf8").trim().split("\n")).toHaveLength(
      expected.length,
    );
  });

  it("has in each archive the executable, the licences, the manual and the completions", () => {
    const list = (platform: string) =>
      execFileSync("tar", ["-tzf", join(release.folder, `oidc-token-${platform}.tar.gz`)], {
        encoding: "utf8",
      });
    for (const platform of Object.keys(TARGETS)) {
      const name = platform.startsWith("windows") ? "oidc-token.exe" : "oidc-token";
      expect(list(platform).split("\n")).toEqual(
        expect.arrayContaining([
          name,
          "LICENSE",
          "THIRD-PARTY.txt",
          "oidc-token.1",
          "completions/oidc-token.bash",
        ]),
      );
    }
  });

  it("has in each archive the licences of what only that executable has inside", () => {
    for (const platform of Object.keys(TARGETS)) {
      const licences = execFileSync(
        "tar",
        ["-xzOf", join(release.folder, `oidc-token-${platform}.tar.gz`), "THIRD-PARTY.txt"],
        { encoding: "utf8" },
      );
      expect(licences).toContain("\ncommander ");
      expect(licences).toContain(`\nruntime 1.2.3 (MIT)\n\nof the runtime for ${platform}\n`);
    }
  });

  it("is the same, byte for byte, when it is made again", async () => {
    const again = await releaseOf((platform) => `#!/bin/sh\necho "${manifest.version} for ${platform}"\n`);
    // A bill of materials has a number and a time of its own.
    const sums = (folder: string) =>
      readFileSync(join(folder, "SHA256SUMS"), "utf8").replace(/.*sbom.*\n/, "");
    expect(sums(again.folder)).toBe(sums(release.folder));
    again.dispose();
  });

  it("names in its bill of materials what is shipped, bundled or not, and nothing that only tests use", () => {
    const { bomFormat, metadata, components } = JSON.parse(
      readFileSync(join(release.folder, "sbom.cdx.json"), "utf8"),
    );
    const { name, version, purl } = metadata.component;
    expect({ name, version, purl }).toEqual({
      name: "oidc-token",
      version: manifest.version,
      purl: `pkg:npm/oidc-token@${manifest.version}`,
    });
    const names = (components as { group?: string; name: string }[]).map(({ group, name }) =>
      group ? `${group}/${name}` : name,
    );
    expect(bomFormat).toBe("CycloneDX");
    expect(names).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)));
    // The executables are Buns, and openid-client needs jose as the tests do.
    expect(names.filter((name) => name in manifest.devDependencies).sort()).toEqual(["bun", "jose"]);
  });

  it.skipIf(left_out("ruby"))("has a Homebrew formula that Ruby can read", () => {
    expect(execFileSync("ruby", ["-c", join(release.folder, "oidc-token.rb")], { encoding: "utf8" })).toBe(
      "Syntax OK\n",
    );
  });

  it("has a PKGBUILD that bash can read, with the checksums of the archives", () => {
    const script = `. "$1"; echo $pkgname $pkgver "$(basename "$source_x86_64")" $sha256sums_x86_64`;
    const said = execFileSync("bash", ["-c", script, "-", join(release.folder, "PKGBUILD")], {
      encoding: "utf8",
    });
    const sums = readFileSync(join(release.folder, "SHA256SUMS"), "utf8");
    expect(said).toMatch(
      new RegExp(`^oidc-token-bin ${manifest.version} oidc-token-linux-x64.tar.gz [0-9a-f]{64}\\n$`),
    );
    expect(sums).toContain(`${said.trim().split(" ").at(-1)}  oidc-token-linux-x64.tar.gz\n`);
  });

  it.skipIf(left_out("shellcheck"))("has scripts that shellcheck finds nothing in", () => {
    const scripts = [join(release.folder, "install.sh"), "packaging/smoke.sh"];
    expect(
      execFileSync("shellcheck", ["--enable=all", "--exclude=SC2250,SC2310,SC2312", ...scripts], {
        encoding: "utf8",
      }),
    ).toBe("");
  });

  it("is tried by smoke.sh, which fails where the executable does not do what it should", () => {
    const result = spawnSync("sh", ["packaging/smoke.sh", release.folder, "linux-x64"], { encoding: "utf8" });
    expect(result).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("smoke.sh: the version: expected"),
    });
  });
});

describe.each([
  ["dash", ["dash"], "dash"],
  ["bash", ["bash", "--posix"], "bash"],
  ["BusyBox", ["busybox", "sh"], "busybox"],
] as const)("install.sh in %s", (_, shell, program) => {
  const machine = process.arch === "arm64" ? "linux-arm64" : "linux-x64";
  let home: string;
  let server: Server;
  let from: string;
  let files: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = join(files, request.url ?? "");
      if (!existsSync(path)) return void response.writeHead(404).end();
      response.end(readFileSync(path));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    from = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "oidc-token-install-"));
    files = join(home, "files");
    mkdirSync(files);
    for (const name of readdirSync(release.folder))
      copyFileSync(join(release.folder, name), join(files, name));
    return () => rmSync(home, { recursive: true, force: true });
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  interface Ended {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
  }
  const install = (env: Readonly<Record<string, string>> = {}, text?: string): Promise<Ended> =>
    new Promise((resolve) => {
      const [file, ...args] = shell;
      const child = execFile(
        file,
        args,
        {
          env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, OIDC_TOKEN_INSTALL_FROM: from, ...env },
          cwd: home,
          timeout: 20_000,
        },
        (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
      // As from a pipe, which is how it is called.
      child.stdin?.end(text ?? readFileSync(join(release.folder, "install.sh")));
    });
  /** A program of that name that comes first on PATH. */
  const pretend = (name: string, script: string): Readonly<Record<string, string>> => {
    mkdirSync(join(home, "bin"), { recursive: true });
    writeFileSync(join(home, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { PATH: `${join(home, "bin")}:${process.env.PATH}` };
  };
  const left = () => readdirSync(home).filter((name) => !["files", "bin"].includes(name));

  it.skipIf(left_out(program))(
    "installs the executable for this machine, and tells what it did",
    async () => {
      const { code, stdout, stderr } = await install();
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const where = join(home, ".local/bin/oidc-token");
      expect(stdout).toBe(
        `installed oidc-token ${manifest.version} for ${machine} (${machine}) as ${where}\n` +
          `${join(home, ".local/bin")} is not on PATH yet: add it in your shell's profile\n`,
      );
      expect(execFileSync(where, { encoding: "utf8" })).toBe(`${manifest.version} for ${machine}\n`);
      expect(left()).toEqual([".local"]);
    },
  );

  it.skipIf(left_out(program))("takes the place of an older one, in a folder that is named", async () => {
    const into = join(home, "my programs");
    mkdirSync(into);
    writeFileSync(join(into, "oidc-token"), "older");
    const path = `${into}:${process.env.PATH}`;
    expect(await install({ OIDC_TOKEN_INSTALL_DIR: into, PATH: path })).toEqual({
      code: 0,
      stderr: "",
      stdout: `installed oidc-token ${manifest.version} for ${machine} (${machine}) as ${join(into, "oidc-token")}\n`,
    });
    expect(readdirSync(into)).toEqual(["oidc-token"]);
  });

  it.skipIf(left_out(program)).each<[string, () => Readonly<Record<string, string>>, string]>([
    [
      "a file with another checksum",
      () => {
        writeFileSync(join(files, `oidc-token-${machine}.tar.gz`), "something else");
        return {};
      },
      `oidc-token-${machine}.tar.gz is not what was released, its checksum is another, so nothing was installed`,
    ],
    [
      "a file that ends early",
      () => {
        truncateSync(join(files, `oidc-token-${machine}.tar.gz`), 100);
        return {};
      },
      `oidc-token-${machine}.tar.gz is not what was released, its checksum is another, so nothing was installed`,
    ],
    [
      "a file that is not there",
      () => {
        rmSync(join(files, `oidc-token-${machine}.tar.gz`));
        return {};
      },
      `${"FROM"}/oidc-token-${machine}.tar.gz can't be fetched`,
    ],
    [
      "a system there is no executable for",
      () => pretend("uname", "echo Plan9"),
      "there is no executable for Plan9: use npm install --global oidc-token",
    ],
    [
      "a processor there is no executable for",
      () => pretend("uname", '[ "$1" = -s ] && echo Linux || echo riscv64'),
      "there is no executable for riscv64: use npm install --global oidc-token",
    ],
    [
      "an address without https",
      () => ({ OIDC_TOKEN_INSTALL_FROM: "http://mirror.example.test" }),
      `http://mirror.example.test/oidc-token-${machine}.tar.gz is neither https nor on this machine, so nothing is fetched from there`,
    ],
  ])("installs nothing for %s, and says so in a sentence", async (_name, arrange, sentence) => {
    const { code, stdout, stderr } = await install(arrange());
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const own = stderr.split("\n").filter((line) => line.startsWith("install.sh: "));
    expect(own[0]).toBe(`install.sh: ${sentence.replace("FROM", from)}`);
    expect(left()).toEqual([]);
  });

  it.skipIf(left_out(program))("does not take a folder of that name for a place", async () => {
    mkdirSync(join(home, ".local/bin/oidc-token"), { recursive: true });
    expect(await install()).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `install.sh: ${home}/.local/bin/oidc-token is a folder: name another one in OIDC_TOKEN_INSTALL_DIR\n`,
    });
    expect(readdirSync(join(home, ".local/bin/oidc-token"))).toEqual([]);
  });

  it.skipIf(left_out(program))(
    "tries the executable in its place: none may run among temporary files",
    async () => {
      // What lies there is told by the one that does not run.
      const where = await releaseOf(() => '#!/bin/sh\necho "in $(dirname "$0")" >&2\nexit 126\n');
      for (const name of readdirSync(where.folder)) copyFileSync(join(where.folder, name), join(files, name));
      const script = readFileSync(join(where.folder, "install.sh"), "utf8");
      where.dispose();
      const { stderr } = await install({}, script);
      expect(stderr).toContain(`so nothing was installed (in ${home}/.local/bin)`);
      expect(readdirSync(join(home, ".local/bin"))).toEqual([]);
    },
  );

  it.skipIf(left_out(program))("keeps the older one where the new one does not run", async () => {
    for (const name of readdirSync(broken.folder)) copyFileSync(join(broken.folder, name), join(files, name));
    const script = readFileSync(join(broken.folder, "install.sh"), "utf8");
    mkdirSync(join(home, ".local/bin"), { recursive: true });
    writeFileSync(join(home, ".local/bin/oidc-token"), "older");
    expect(await install({}, script)).toEqual({
      code: 1,
      stdout: "",
      stderr: "install.sh: the executable does not run here, so nothing was installed (no such library)\n",
    });
    expect(readFileSync(join(home, ".local/bin/oidc-token"), "utf8")).toBe("older");
  });

  it.skipIf(left_out(program))("does nothing when the script itself arrives in part", async () => {
    const whole = readFileSync(join(release.folder, "install.sh"), "utf8");
    for (const part of [0.2, 0.5, 0.9, 0.99]) {
      await install({}, whole.slice(0, whole.length * part));
      expect(left()).toEqual([]);
    }
  });

  it.skipIf(left_out(program))("takes the other executable on musl", async () => {
    const musl = pretend("ldd", "echo 'musl libc (x86_64)' >&2; exit 1");
    expect(await install(musl)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`(${machine}-musl)`),
    });
  });

  it.skipIf(left_out(program) || left_out("busybox"))(
    "does with what BusyBox has, without curl",
    async () => {
      const folder = join(home, "bin");
      mkdirSync(folder);
      const where = (name: string) =>
        execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
      const busybox = where("busybox");
      for (const name of execFileSync(busybox, ["--list"], { encoding: "utf8" }).trim().split("\n"))
        symlinkSync(busybox, join(folder, name));
      if (!existsSync(join(folder, program))) symlinkSync(where(program), join(folder, program));
      expect(await install({ PATH: folder })).toMatchObject({ code: 0, stderr: "" });
      expect(readdirSync(join(home, ".local/bin"))).toEqual(["oidc-token"]);
    },
  );

  it.skipIf(left_out(program))("runs what the image's recipe fetches its executable with, too", async () => {
    const recipe = readFileSync(join(release.folder, "Containerfile"), "utf8");
    const fetched = /^RUN ((?:.*\\\n)*.*)$/m
      .exec(recipe)?.[1]
      ?.replaceAll("/archive.tar.gz", join(home, "archive"));
    expect(fetched).toContain("sha256sum -c");
    const there = { PLATFORM: machine, FROM: from };
    expect(await install(there, fetched)).toMatchObject({ code: 0 });
    expect(left()).toEqual(expect.arrayContaining(["archive", "oidc-token", "LICENSE", "THIRD-PARTY.txt"]));
    expect(await install({ ...there, PLATFORM: "plan9" }, fetched)).toMatchObject({
      code: 1,
      stderr: "there is no image for plan9\n",
    });
    writeFileSync(join(files, `oidc-token-${machine}.tar.gz`), "something else");
    expect((await install(there, fetched)).code).not.toBe(0);
  });
});
