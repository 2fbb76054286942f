import {
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Outcome, Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";

let sandbox: Sandbox;
let project: string;
let file: string;
beforeEach(() => {
  sandbox = new Sandbox({ MY_KEY: "sk-mine-12345678", CI_KEY: "sk-project-1234" });
  sandbox.configure({
    default_profile: "mine",
    profiles: {
      mine: { flow: "static_key", key: "{env:MY_KEY}", base_url: "https://llm.example.com/v1" },
      other: { flow: "static_key", key: "{keyring}" },
    },
  });
  project = join(sandbox.home, "project");
  mkdirSync(project);
  file = join(project, ".oidc-token.jsonc");
  write(PROJECT);
});
afterEach(() => sandbox.dispose());

const PROFILE = { flow: "static_key", key: "{env:CI_KEY}", base_url: "https://project.example.com/v1" };
const PROJECT = { default_profile: "ours", profiles: { ours: PROFILE } };

function write(content: object, path = file): void {
  writeFileSync(path, JSON.stringify(content, null, 2));
}

const run = (
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Outcome> => sandbox.run(args, { cwd: project, ...options });

const trusted = async (): Promise<void> => {
  expect(await run(["trust"])).toMatchObject({ code: 0, stdout: `${file}\n` });
};

describe("trust", () => {
  it("lets a project's file define profiles, from its folder and those below, and says with what", async () => {
    expect(expectFailure(await run(["get"]), 4)).toEqual({
      message: `${file}:3:3: a project file may only select a profile until it is trusted, not define "profiles"`,
      hint: 'look through it, then run: oidc-token trust; or move "profiles" to your own configuration file',
    });
    expect(await run(["trust"])).toMatchObject({
      code: 0,
      stdout: `${file}\n`,
      stderr:
        'oidc-token: trusted with profile "ours" (static_key), sends its token to https://project.example.com\n',
    });
    expect(await run(["get"])).toMatchObject({ code: 0, stdout: "sk-project-1234\n" });
    const below = join(project, "src", "deep");
    mkdirSync(below, { recursive: true });
    expect(await run(["get"], { cwd: below })).toMatchObject({ code: 0, stdout: "sk-project-1234\n" });
    expect(await run(["get", "-p", "mine"])).toMatchObject({ stdout: "sk-mine-12345678\n" });
    expect(await run(["get"], { cwd: sandbox.home })).toMatchObject({ stdout: "sk-mine-12345678\n" });
  });

  it("takes a folder, and keeps its list in a private file", async () => {
    expect(await run(["trust", "project"], { cwd: sandbox.home })).toMatchObject({ code: 0 });
    const list = join(sandbox.home, "data", "oidc-token", "trusted.json");
    expect(statSync(list).mode & 0o777).toBe(0o600);
    expect(Object.keys(JSON.parse(readFileSync(list, "utf8")).trusted)).toEqual([file]);
    const { message } = expectFailure(await run(["trust", "nowhere"], { cwd: sandbox.home }), 4);
    expect(message).toMatch(/nowhere\/\.oidc-token\.jsonc does not exist$/);
  });

  it("asks again once the content has changed, also where the answer was cached", async () => {
    await trusted();
    await run(["get"]);
    expect(await run(["get"])).toMatchObject({ code: 0, stdout: "sk-project-1234\n" });
    write({ ...PROJECT, profiles: { ours: { ...PROFILE, base_url: "https://evil.example.com" } } });
    expect(expectFailure(await run(["get"]), 4)).toEqual({
      message: `${file}:3:3: this project file has changed since it was trusted`,
      hint: "look at what has changed, then run: oidc-token trust",
    });
    await trusted();
    expect(await run(["get"])).toMatchObject({ code: 0 });
  });

  it("is for the place as well: a fork, a moved folder or a link to it is not trusted", async () => {
    await trusted();
    const fork = join(sandbox.home, "fork");
    mkdirSync(fork);
    write(PROJECT, join(fork, ".oidc-token.jsonc"));
    expectFailure(await run(["get"], { cwd: fork }), 4);
    const moved = join(sandbox.home, "moved");
    renameSync(project, moved);
    expectFailure(await run(["get"], { cwd: moved }), 4);
    // What lies now where the trusted one was.
    renameSync(fork, project);
    write({ ...PROJECT, default_profile: "evil", profiles: { evil: PROFILE } });
    expectFailure(await run(["get"]), 4);
  });

  it("--list shows what is trusted, and whether it still is; --revoke takes it back", async () => {
    await trusted();
    expect((await run(["trust", "--list"])).stdout).toMatch(new RegExp(`\\n${file} +trusted *\\n$`));
    await run(["get"]);
    write({ ...PROJECT, $schema: "x" });
    expect((await run(["trust", "--list"])).stdout).toMatch(/ changed *\n$/);
    write(PROJECT);
    expect(await run(["get"])).toMatchObject({ code: 0 });
    expect(await run(["get"])).toMatchObject({ code: 0 });
    expect(await run(["trust", "--revoke"])).toMatchObject({ code: 0, stdout: `${file}\n` });
    expectFailure(await run(["get"]), 4);
    expect(await run(["trust", "--list"])).toMatchObject({ code: 0, stdout: "" });
    expect(await run(["trust", "--revoke"])).toMatchObject({ code: 0, stdout: "" });
  });

  it.skipIf(process.getuid?.() !== 0)("is never given to a file of another user", async () => {
    chownSync(file, 4242, 4242);
    expect(expectFailure(await run(["trust"]), 4).message).toBe(
      `${file} belongs to another user, so it is never trusted`,
    );
    expectFailure(await run(["trust", project]), 4);
    chownSync(file, 0, 0);
    await trusted();
    chownSync(file, 4242, 4242);
    expect(await run(["get"])).toMatchObject({ code: 0, stdout: "sk-mine-12345678\n" });
  });
});

describe("a project file may not, though somebody would trust it,", () => {
  const refused = async (profile: object): Promise<string> => {
    write({ profiles: { ours: { ...PROFILE, ...profile } } });
    const { message } = expectFailure(await run(["trust"]), 4);
    expect(await run(["trust", "--list"])).toMatchObject({ stdout: "" });
    return message;
  };

  it("run a program", async () => {
    const traded = { flow: "jwt_bearer", issuer: "https://id.example.com", key: undefined };
    expect(await refused({ ...traded, assertion: "{command:id}" })).toContain("may not run a program");
  });

  it("read a file outside the project, through a link neither", async () => {
    const secret = join(sandbox.home, "secret");
    writeFileSync(secret, "sk-file", { mode: 0o600 });
    symlinkSync(secret, join(project, "link"));
    for (const path of [secret, "~/secret", "../secret", "link", "/nowhere/secret"])
      expect(await refused({ key: `{file:${path}}` })).toContain("may not read a file outside the project");
    writeFileSync(join(project, "key"), "sk-inside", { mode: 0o600 });
    write({ profiles: { ours: { ...PROFILE, key: "{file:key}" } } });
    await trusted();
    expect(await run(["get", "-p", "ours"])).toMatchObject({ stdout: "sk-inside\n" });
  });

  it.each(["MY_KEY", "OIDC_TOKEN_KEY"])(
    "read a variable that is for a profile of yours: %s",
    async (name) => {
      expect(await refused({ key: `{env:${name}}` })).toContain(`may not read the variable ${name}`);
    },
  );

  it("take the name of a profile of yours, or say where tokens are kept", async () => {
    write({ profiles: { mine: PROFILE } });
    expect(expectFailure(await run(["trust"]), 4).message).toContain('defines a profile "mine" too');
    write({ store: "file" });
    expect(expectFailure(await run(["trust"]), 4).message).toContain("may not say where tokens are kept");
  });

  it("have the session of a profile of yours that says the same, or a secret meant for one", async () => {
    const login = await sandbox.run(["login", "-p", "other"], { input: "sk-stored-12345\n" });
    expect(login).toMatchObject({ code: 0 });
    const same = { flow: "static_key", key: "{keyring}" };
    write({ default_profile: "another", profiles: { another: same } });
    await trusted();
    expectFailure(await run(["get"]), 3);
    sandbox.configure({ profiles: {} });
    write({ default_profile: "other", profiles: { other: same } });
    await trusted();
    expectFailure(await run(["get"], { env: { OIDC_TOKEN_KEY: "sk-of-the-shell-1" } }), 3);
  });
});
