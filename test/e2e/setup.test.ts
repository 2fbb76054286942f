import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMAND, type Outcome } from "../support/command.js";
import { CONFIG, SetupSandbox } from "../support/setup-sandbox.js";

let sandbox: SetupSandbox;
beforeEach(() => {
  sandbox = new SetupSandbox();
});
afterEach(() => sandbox.dispose());

const setup = (...args: string[]): Promise<Outcome> => sandbox.run(["setup", ...args]);
describe("setup", () => {
  it("prints what goes where, with absolute paths, and changes nothing", async () => {
    const { code, stdout, stderr } = await setup("claude-code");
    expect(code).toBe(0);
    const { apiKeyHelper, env } = JSON.parse(stdout);
    expect(apiKeyHelper).toMatch(/^\/\S+ .*get /);
    expect(`${apiKeyHelper} `).toContain(`${COMMAND.at(-1)} get `);
    expect(env.ANTHROPIC_BASE_URL).toBe("https://gateway.example");
    expect(stderr).toContain(sandbox.at(".claude/settings.json"));
    expect(existsSync(sandbox.at(".claude"))).toBe(false);
  });

  it("prints the line to run where nothing is to be written", async () => {
    const { code, stdout } = await setup("curl");
    expect(code).toBe(0);
    expect(stdout).toMatch(/ get --format header .*\| curl -H @- https:\/\/gateway\.example\/v1\/<path>\n$/);
  });

  it("shows the change as a diff without the secrets beside it, and makes it only after a yes", async () => {
    const path = sandbox.file(
      ".docker/config.json",
      '{ "auths": { "a.example": { "auth": "c2VjcmV0" } } }\n',
      0o600,
    );
    const before = readFileSync(path, "utf8");
    const refused = await setup("docker", "--url", "images.example", "--write");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('+{ "auths"');
    expect(refused.stderr).toContain("images.example");
    expect(refused.stderr).not.toContain("c2VjcmV0");
    expect(refused.stderr).toContain("--yes");
    expect(readFileSync(path, "utf8")).toBe(before);
    expect(readFileSync(sandbox.config, "utf8")).toBe(CONFIG);
  });

  it("hides in the diff what is secret, and only that", async () => {
    const lines = ["registry=https://me:pa55word@npm.example/", "//npm.example/:_authToken=npm_5ecret"];
    sandbox.file(".npmrc", `${lines.join("\n")}\n`);
    const npm = await setup("npm", "--url", "https://other.example", "--write");
    expect(npm.stderr).toContain("//npm.example/:_authToken=***");
    expect(npm.stderr).not.toMatch(/npm_5ecret|pa55word|^Index|^===/m);
    const codex = await setup("codex", "--write");
    expect(codex.stderr).toContain("+auth = { command = ");
    const kubectl = await setup("kubectl", "--write");
    expect(kubectl.stderr).toContain("oidc-token: npm install");
  });

  it("--write keeps comments and mode, lets the token go to the host, and --undo leaves every byte as before", async () => {
    const path = sandbox.file(".gitconfig", "; mine\n[user]\n\tname = A\n", 0o640);
    const before = readFileSync(path, "utf8");
    const written = await setup("git", "--url", "https://git.example:8443/team", "--write", "--yes");
    expect(written.code).toBe(0);
    expect(written.stdout.trim().split("\n")).toEqual([path, sandbox.config]);
    expect(readFileSync(path, "utf8")).toContain(
      '; mine\n[user]\n\tname = A\n\n[credential "https://git.example:8443"]',
    );
    expect(statSync(path).mode & 0o777).toBe(0o640);
    const { profiles } = JSON.parse(
      (await sandbox.run(["profiles", "--json"])).stdout.replace(/^/, '{"profiles":').concat("}"),
    );
    expect(profiles[0].allowed_origins).toEqual(["https://gateway.example", "https://git.example:8443"]);

    const again = await setup("git", "--url", "https://git.example:8443/team", "--write", "--yes");
    expect(again).toMatchObject({ code: 0, stdout: "" });
    expect(again.stderr).toContain("set up already");

    const undone = await setup("git", "--undo", "--yes");
    expect(undone.code).toBe(0);
    expect(readFileSync(path, "utf8")).toBe(before);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readFileSync(sandbox.config, "utf8")).toBe(CONFIG);
    expect(readdirSync(sandbox.at("data/oidc-token/setup"))).toEqual([]);
    expect((await setup("git", "--undo", "--yes")).stderr).toContain("nothing was set up");
  });

  it("--undo takes only its own part where something else has changed since", async () => {
    const path = sandbox.file(".gitconfig", "[user]\n\tname = A\n");
    await setup("git", "--url", "git.example", "--write", "--yes");
    writeFileSync(path, `${readFileSync(path, "utf8")}[alias]\n\tco = checkout\n`);
    expect((await setup("git", "--undo", "--yes")).code).toBe(0);
    expect(readFileSync(path, "utf8")).toBe("[user]\n\tname = A\n[alias]\n\tco = checkout\n");
  });

  it("writes private programs that only the person can change, and takes them away again", async () => {
    expect((await setup("cargo", "--url", "https://crates.example/index/", "--write", "--yes")).code).toBe(0);
    const program = sandbox.at("data/oidc-token/setup/bin/cargo-credential-oidc-token");
    expect(statSync(program).mode & 0o777).toBe(0o700);
    expect(readFileSync(sandbox.at(".cargo/config.toml"), "utf8")).toContain(program);
    expect((await setup("cargo", "--undo", "--yes")).code).toBe(0);
    expect(existsSync(program)).toBe(false);
    expect(existsSync(sandbox.at(".cargo/config.toml"))).toBe(false);
  });

  it("writes docker a helper where none is on PATH, and says what to put there", async () => {
    const nowhere = { env: { PATH: dirname(process.execPath) } };
    const args = ["setup", "docker", "--url", "https://images.example", "--write", "--yes"];
    const { code, stderr } = await sandbox.run(args, nowhere);
    expect(code).toBe(0);
    const folder = sandbox.at("data/oidc-token/setup/bin");
    expect(stderr).toContain(`PATH="${folder}:$PATH" docker pull`);
    const program = join(folder, "docker-credential-oidc-token");
    expect(execFileSync(program, ["list"], { env: sandbox.env, encoding: "utf8" })).toBe("{}\n");
    expect((await setup("docker", "--undo", "--yes")).code).toBe(0);
    expect(existsSync(program)).toBe(false);
  });

  it("leaves a file alone that it does not understand, prints what it lacks, and changes no other file", async () => {
    const path = sandbox.file(".cargo/config.toml", "[registries\n");
    const { code, stdout, stderr } = await setup("cargo", "--url", "crates.example", "--write", "--yes");
    expect(code).toBe(4);
    expect(stdout).toContain("[registries.corp]");
    expect(stderr).toContain(`oidc-token: ${path} was left alone`);
    expect(stderr).toContain("oidc-token: hint: nothing was changed; put the lines above into it yourself");
    expect(readFileSync(path, "utf8")).toBe("[registries\n");
    expect(existsSync(sandbox.at("data/oidc-token/setup/bin/cargo-credential-oidc-token"))).toBe(false);
    expect(readFileSync(sandbox.config, "utf8")).toBe(CONFIG);
  });

  it.each([
    [
      ["aws", "--role", "arn:aws:iam::1:role/x"],
      ".aws/config",
      "[profile corp]\nregion = x\nsso_session = y\n",
    ],
    [["codex"], ".codex/config.toml", '[model_providers.corp]\nname = "Own"\nenv_key = "KEY" # own\n'],
  ])("leaves an entry of the person's own alone that would go before it: %j", async (args, path, text) => {
    const own = sandbox.file(path, text);
    const { code, stdout, stderr } = await setup(...args, "--write", "--yes");
    expect(code).toBe(4);
    expect(stdout).toContain("corp");
    expect(stderr).toMatch(/was left alone: "?corp"? [^\n]+\noidc-token: hint: nothing was changed/);
    expect(readFileSync(own, "utf8")).toBe(text);
    // That of another name is no matter.
    sandbox.file(path, text.replace("corp", "other"));
    expect(await setup(...args, "--write", "--yes")).toMatchObject({ code: 0 });
  });

  it("kubectl: takes the place of a user's own token, which would go before it, and gives it back", async () => {
    const text = "apiVersion: v1\nusers:\n- name: corp\n  user:\n    token: my-0wn-secret # mine\n";
    const own = sandbox.file(".kube/config", text, 0o600);
    const { code, stderr } = await setup("kubectl", "--write", "--yes");
    expect(code).toBe(0);
    expect(stderr).not.toContain("my-0wn-secret");
    expect(readFileSync(own, "utf8")).not.toContain("my-0wn-secret");
    expect(await setup("kubectl", "--undo", "--yes")).toMatchObject({ code: 0 });
    expect(readFileSync(own, "utf8")).toBe(text);
  });

  it.each(['["oidc-token", { "profile": "corp" }]', '"oidc-token@1.2.3"'])(
    "opencode: does not list our plugin a second time beside %s",
    async (entry) => {
      sandbox.file("config/opencode/opencode.json", `{ "plugin": [${entry}] }\n`);
      const { code, stdout, stderr } = await setup("opencode", "--write", "--yes");
      expect([code, stdout]).toEqual([0, ""]);
      expect(stderr).toContain("is set up already");
    },
  );

  it("changes a file that has grown to megabytes, as Claude Code's with its history", async () => {
    const history = Array.from({ length: 5_000 }, (_, at) => ({
      display: `question ${at} ${"x".repeat(300)}`,
    }));
    const text = `${JSON.stringify({ projects: { "/work": { history } }, mcpServers: {} }, null, 2)}\n`;
    const path = sandbox.file(".claude.json", text);
    const args = ["claude-code-mcp", "--url", "https://mcp.example/mcp"];
    expect(await setup(...args, "--write", "--yes")).toMatchObject({ code: 0 });
    expect(readFileSync(path, "utf8")).toContain("https://mcp.example/mcp");
    expect(await setup("claude-code-mcp", "--undo", "--yes")).toMatchObject({ code: 0 });
    expect(readFileSync(path, "utf8") === text).toBe(true);
  });

  it("takes no second credentials_helper, since Terraform has one for all hosts", async () => {
    sandbox.file(".terraformrc", 'credentials_helper "other" {\n}\n');
    const { code, stderr } = await sandbox.run(
      ["setup", "terraform", "--url", "tf.example", "--write", "--yes"],
      { env: { TF_CLI_CONFIG_FILE: undefined } },
    );
    expect(code).toBe(4);
    expect(stderr).toContain("another credentials_helper");
  });

  it.each([
    [["docker", "--profile", "keyed"], 4, "can only send a bearer token"],
    [["kubectl", "--profile", "keyed"], 4, "needs an ID token"],
    [["opencode", "--profile", "keyed"], 4, "has no base_url"],
    [["git", "--write"], 2, "needs --url"],
    [["git", "--url", "http://git.example"], 2, "is not https"],
    [["git", "--url", "https://me:secret@git.example"], 2, "must not hold a user"],
    [["dokcer"], 2, "did you mean docker"],
    [["git", "--write", "--undo"], 2, "do not go together"],
    [["aws", "--role", "x; rm -rf /"], 2, "is no ARN"],
  ] as const)("refuses %j", async (args, code, sentence) => {
    const outcome = await setup(...args);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toContain(sentence);
    expect(outcome.stderr).not.toContain("secret");
  });
});
