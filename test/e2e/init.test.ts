import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Outcome, Sandbox } from "../support/command.js";
import { startGateway } from "../support/gateway.js";
import { startOciProvider } from "../support/oci-provider.js";
import { CLIENTS, startProvider } from "../support/provider.js";
import { deviceProfile, signIn } from "../support/signed-in.js";

const OKTA = {
  OKTA_ISSUER: "https://example.okta.com/oauth2/aus1",
  OKTA_CLIENT_ID: "0oa1",
  OKTA_AUDIENCE: "api://inference",
  OKTA_SCOPES: "openid email offline_access inference",
  HAIILO_AI_BASE_URL: "https://ai.example.com/v1",
};
const OKTA_PROFILE = {
  preset: "okta",
  issuer: OKTA.OKTA_ISSUER,
  flow: "device_code",
  client_id: OKTA.OKTA_CLIENT_ID,
  scope: OKTA.OKTA_SCOPES,
  base_url: OKTA.HAIILO_AI_BASE_URL,
};
const PUBLIC = ["--issuer", "https://id.example.com", "--client-id", "cli"];

interface Place extends Sandbox {
  readonly file: string;
  readonly project: string;
  readonly openCode: string;
}

function place(): Place {
  const sandbox = new Sandbox();
  onTestFinished(() => sandbox.dispose());
  const project = join(sandbox.home, "project");
  mkdirSync(project);
  const openCode = join(sandbox.home, ".config", "opencode");
  return Object.assign(sandbox, { file: join(sandbox.configDir, "config.jsonc"), project, openCode });
}

function oldFile(folder: string, content: object | string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "oci-auth.config.jsonc");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  return path;
}

const OCI = {
  domain_url: "https://idcs-1.identity.oraclecloud.com:443/",
  client_id: "abc",
  client_secret: "{file:~/.secrets/oci}",
  redirect_uri: "http://localhost:8888/callback",
  scope: "openid offline_access",
  llm_base_url: "https://llm.example.com/v1",
  auth_method: "confidential_app",
};

/** The settings of a domain that is there, but for the secret. */
async function ociDomain(): Promise<object> {
  const provider = await startOciProvider();
  onTestFinished(() => provider.stop());
  const { client_id } = provider.client;
  return { ...OCI, domain_url: provider.issuer, client_id, redirect_uri: provider.redirect_uri };
}

function keptIn(at: Place): readonly string[] {
  const tokens = join(at.home, "data", "oidc-token", "tokens");
  if (!existsSync(tokens)) return [];
  return readdirSync(tokens).map((name) => readFileSync(join(tokens, name), "utf8"));
}

const configOf = (at: Place) => JSON.parse(readFileSync(at.file, "utf8"));
const linesOf = ({ stderr }: Outcome) => stderr.trim().split("\n");

describe("init with options", () => {
  it("writes the profile, prints the path alone on stdout, and says what to run next", async () => {
    const at = place();
    const outcome = await at.run([
      ..."init --preset okta --issuer https://example.okta.com/oauth2/aus1 --client-id 0oa1".split(" "),
      ..."--flow authorization_code,device_code --redirect-uri http://localhost:8888/callback".split(" "),
      ..."--base-url https://ai.example.com/v1 --profile work".split(" "),
      "--scope",
      "openid offline_access",
    ]);
    expect(outcome).toMatchObject({ code: 0, stdout: `${at.file}\n` });
    expect(linesOf(outcome)).toEqual([
      'oidc-token: profile "work" written',
      "oidc-token: next: oidc-token login --profile work",
    ]);
    expect(configOf(at)).toEqual({
      $schema: join(at.home, "data", "oidc-token", "config.schema.json"),
      profiles: {
        work: {
          preset: "okta",
          issuer: "https://example.okta.com/oauth2/aus1",
          flow: ["authorization_code", "device_code"],
          client_id: "0oa1",
          redirect_uri: "http://localhost:8888/callback",
          scope: "openid offline_access",
          base_url: "https://ai.example.com/v1",
        },
      },
    });
    expect(existsSync(configOf(at).$schema)).toBe(true);
    expect(statSync(at.file).mode & 0o777).toBe(0o600);
    expect(statSync(at.configDir).mode & 0o777).toBe(0o700);
    expect(await at.run(["config", "check"])).toMatchObject({ code: 0 });
  });

  it("writes a static key that login then stores", async () => {
    const at = place();
    const args = "init --profile ci --flow static_key --key {keyring} --header x-api-key".split(" ");
    expect((await at.run(args)).stderr).toContain("next: oidc-token login --profile ci");
    expect(await at.run(["login"], { input: "sk-123456\n" })).toMatchObject({ code: 0 });
    expect(await at.run(["get", "-f", "header"])).toMatchObject({ stdout: "x-api-key: sk-123456\n" });
  });

  it("takes a static key from stdin, tries it, and ends with a token", async () => {
    const gateway = await startGateway({ keys: ["sk-good-12345678"], header: "x-api-key" });
    onTestFinished(() => gateway.stop());
    const at = place();
    const args = ["init", "--flow", "static_key", "--key", "{keyring}", "--header", "x-api-key", "-p", "ci"];
    const whole = [...args, "--base-url", gateway.url];
    const refused = await at.run(whole, { input: "sk-mistyped-1234\n" });
    expect(refused).toMatchObject({ code: 7, stdout: `${at.file}\n` });
    expect(refused.stderr).toContain("refuses this key (401), so it was not kept");
    expect(await at.run(["get"])).toMatchObject({ code: 3 });
    const outcome = await at.run(whole, { input: "sk-good-12345678\n" });
    expect(outcome).toMatchObject({ code: 0, stdout: `${at.file}\n` });
    expect(outcome.stderr).toContain("signed in to ci; kept in the file store");
    expect(await at.run(["get"])).toMatchObject({ code: 0, stdout: "sk-good-12345678\n" });
    const only = await at.run([...args, "-p", "two", "--no-login"], { input: "sk-good-12345678\n" });
    expect(only.stderr).toContain("next: oidc-token login --profile two");
  });

  it.each([
    ["a variable", "{env:SECRET}", { env: { SECRET: CLIENTS.service.client_secret } }],
    ["stdin", "{keyring}", { input: `${CLIENTS.service.client_secret}\n` }],
  ])("signs a service in, which needs no person, with its secret from %s", async (_, reference, options) => {
    const provider = await startProvider();
    onTestFinished(() => provider.stop());
    const at = place();
    const client = ["--issuer", provider.issuer, "--client-id", CLIENTS.service.client_id];
    const args = [...client, "--flow", "client_credentials", "--client-secret", reference];
    const outcome = await at.run(["init", ...args, "--scope", "api:read"], options);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0, stdout: `${at.file}\n` });
    expect(outcome.stderr).toMatch(
      /signed in to default.*, for (?:59 min|1 h 0 min); kept in the file store\n/,
    );
    expect(outcome.stderr).toContain("oidc-token: a token: oidc-token get");
    expect(provider.counts["granted client_credentials"]).toBe(1);
    expect((await at.run(["get"], options)).stdout).toMatch(/^eyJ/);
    expect(provider.counts["granted client_credentials"]).toBe(1);
  });

  it("names the next command where the secret of a service is not there yet", async () => {
    const args = [...PUBLIC, "--flow", "client_credentials", "--client-secret"];
    const variable = await place().run(["init", ...args, "{env:NOT_SET}"]);
    expect(variable).toMatchObject({ code: 0 });
    expect(variable.stderr).toContain("next: oidc-token get --profile default");
    const asked = await place().run(["init", ...args, "{keyring}"]);
    expect(asked.stderr).toContain("next: oidc-token login --profile default");
  });

  it("means a relative file from here, and says that it is not there yet", async () => {
    const at = place();
    const outcome = await at.run(
      ["init", ...PUBLIC, "--flow", "client_credentials", "--client-secret", "{file:secret}"],
      { cwd: at.project },
    );
    const path = join(at.project, "secret");
    expect(configOf(at).profiles.default.client_secret).toBe(`{file:${path}}`);
    expect(outcome.stderr).toContain(`${path} does not exist yet`);
    expect(outcome.stderr).toContain("next: oidc-token get --profile default");
  });

  it("gives a profile that is called like a provider in OpenCode's catalogue another id there", async () => {
    const at = place();
    const args = ["--preset", "oci", ...PUBLIC, "--base-url", "https://llm.example.com/v1"];
    await at.run(["init", ...args]);
    expect(configOf(at).profiles.oci.provider).toBe("oci-oidc");
  });

  it("makes it the default only with --default", async () => {
    const at = place();
    await at.run(["init", ...PUBLIC, "-p", "one"]);
    const second = await at.run(["init", ...PUBLIC, "-p", "two"]);
    expect(second.stderr).toContain('"one" stays the profile used where none is named');
    expect(configOf(at).default_profile).toBe("one");
    await at.run(["init", ...PUBLIC, "-p", "three", "--default"]);
    expect(configOf(at).default_profile).toBe("three");
    expect(Object.keys(configOf(at).profiles)).toEqual(["one", "two", "three"]);
  });

  it("keeps comments and the mode of the file, and follows a link to it", async () => {
    const at = place();
    const real = join(at.home, "dotfiles.jsonc");
    writeFileSync(real, '{\n  // mine\n  "profiles": {\n  },\n}\n', { mode: 0o640 });
    chmodSync(real, 0o640);
    mkdirSync(at.configDir, { recursive: true });
    symlinkSync(real, at.file);
    expect(await at.run(["init", ...PUBLIC, "-p", "one"])).toMatchObject({ code: 0, stdout: `${at.file}\n` });
    expect(lstatSync(at.file).isSymbolicLink()).toBe(true);
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect(readFileSync(real, "utf8")).toBe(`{
  // mine
  "profiles": {
    "one": {
      "issuer": "https://id.example.com",
      "client_id": "cli"
    }
  },
}
`);
  });

  it("changes nothing the second time, and another profile of the name only with --force", async () => {
    const at = place();
    await at.run(["init", ...PUBLIC]);
    const before = readFileSync(at.file, "utf8");
    const again = await at.run(["init", ...PUBLIC]);
    expect(again).toMatchObject({ code: 0, stdout: `${at.file}\n` });
    expect(again.stderr).toContain('profile "default" was there already, just so');
    const other = await at.run(["init", ...PUBLIC, "--scope", "openid"]);
    expect(other).toMatchObject({ code: 4, stdout: "" });
    expect(other.stderr).toContain(`profile "default" stands in ${at.file} already, with other values`);
    expect(readFileSync(at.file, "utf8")).toBe(before);
    expect(await at.run(["init", ...PUBLIC, "--scope", "openid", "--force"])).toMatchObject({ code: 0 });
    expect(configOf(at).profiles.default.scope).toBe("openid");
  });

  it("writes to the file that --config names, and to a new one", async () => {
    const at = place();
    const file = join(at.home, "a", "b", "own.jsonc");
    const outcome = await at.run(["init", ...PUBLIC, "--config", file]);
    expect(outcome).toMatchObject({ code: 0, stdout: `${file}\n` });
    expect(outcome.stderr).toContain(`next: oidc-token login --profile default --config ${file}`);
    expect(statSync(join(at.home, "a")).mode & 0o777).toBe(0o700);
    expect(existsSync(at.file)).toBe(false);
  });

  it.each([
    [["--client-secret", "hunter2-plain"], 2, "--client-secret takes a reference to the secret"],
    [["--key", "hunter2-plain"], 2, "--key takes a reference to the secret"],
    [["--client-secret", "{keychain}"], 2, "--client-secret is no reference to a secret"],
    [["--issuer", "http://id.example.com"], 2, "--issuer must be an https URL"],
    [["--preset", "okto"], 2, "--preset must be one of"],
    [["--flow", "implicit"], 2, "--flow must be"],
    [["--redirect-uri", "http://localhost:8888"], 2, "--redirect-uri must have a path"],
    [["--flow", "client_credentials"], 2, 'needs "client_secret" for the flow client_credentials'],
    [["--profile", "../x"], 2, '"../x" cannot be the name of a profile'],
    [["--header", "a b"], 2, "--header must be the name of an HTTP header"],
  ])("refuses %j, names the option and writes nothing", async (args, code, complaint) => {
    const at = place();
    const outcome = await at.run(["init", ...PUBLIC, ...args]);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(linesOf(outcome)).toHaveLength(2);
    expect(outcome.stderr).toContain(complaint);
    expect(outcome.stderr).not.toContain("hunter2");
    expect(existsSync(at.file)).toBe(false);
  });

  it("names the option that is missing", async () => {
    const outcome = await place().run(["init", "--preset", "google"]);
    expect(outcome).toMatchObject({ code: 2 });
    expect(outcome.stderr).toContain("nothing was written; give it: --client-id");
  });

  it("without options and without a terminal says how to go on", async () => {
    const outcome = await place().run(["init"]);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain("name the API or its provider: oidc-token init https://…");
  });
});

describe("init and the file it must not harm", () => {
  it.each(['{ "profiles": {', '{ "profile": {} }', '{ "profiles": { "a": { "issuer": 1 } } }', "\u0000"])(
    "leaves %j as it is and says where it is wrong",
    async (text) => {
      const at = place();
      at.configure(text);
      const outcome = await at.run(["init", ...PUBLIC]);
      expect(outcome).toMatchObject({ code: 4, stdout: "" });
      expect(outcome.stderr).toContain("config.jsonc:1:");
      expect(readFileSync(at.file, "utf8")).toBe(text);
    },
  );

  it.skipIf(process.platform === "win32")("fails with 4 in a folder it may not write to", async () => {
    const at = place();
    // Not even root may make a folder there.
    const folder = process.getuid?.() === 0 ? "/proc/oidc-token" : at.configDir;
    if (process.getuid?.() !== 0) mkdirSync(folder, { recursive: true, mode: 0o500 });
    const outcome = await at.run(["init", ...PUBLIC, "--config", join(folder, "config.jsonc")]);
    expect(outcome).toMatchObject({ code: 4, stdout: "" });
    expect(outcome.stderr).toMatch(/cannot write .*config\.jsonc: .*\n.*hint: nothing was changed; /);
    if (process.getuid?.() !== 0) chmodSync(folder, 0o700);
  });

  it.skipIf(process.platform === "win32")(
    "keeps the old file whole when the new one cannot be written out",
    async () => {
      const at = place();
      const profiles = { one: { issuer: "https://id.example.com", client_id: "cli" } };
      const text = `// ${"x".repeat(9000)}\n${JSON.stringify({ profiles })}`;
      at.configure(text);
      // A limit on the size of files stands for a full disk.
      const outcome = await at.run(["init", ...PUBLIC, "-p", "two"], {
        through: ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh"],
      });
      expect(outcome).toMatchObject({ code: 4, stdout: "" });
      expect(outcome.stderr).toContain("cannot write");
      expect(readFileSync(at.file, "utf8")).toBe(text);
      expect(readdirSync(at.configDir)).toEqual(["config.jsonc"]);
    },
  );

  it("loses no profile when many are written at once", async () => {
    const at = place();
    const names = ["a", "b", "c", "d", "e", "f"];
    const outcomes = await Promise.all(names.map((name) => at.run(["init", ...PUBLIC, "-p", name])));
    expect(outcomes.map(({ code }) => code)).toEqual(names.map(() => 0));
    expect(Object.keys(configOf(at).profiles).sort()).toEqual(names);
  });

  it("killed at any moment leaves the old file or the new one", async () => {
    const at = place();
    // A long file takes long to write.
    const remark = `// ${"x".repeat(120)}\n`.repeat(6_000);
    const one = { profiles: { one: { issuer: "https://id.example.com", client_id: "cli" } } };
    at.configure(`${JSON.stringify(one)}\n${remark}`);
    const profiles = (text: string) => Object.keys(JSON.parse(text.slice(0, text.indexOf("// x"))).profiles);
    const { took } = await at.run(["config", "check"]);
    let killed = 0;
    for (let round = 0; round < 10; round += 1) {
      const child = at.start(["init", ...PUBLIC, "-p", `p${round}`], { input: "" });
      const kill = () => child.kill("SIGKILL");
      // At some time, or as soon as anything stirs in the folder.
      const watcher = round % 2 === 0 ? watch(at.configDir, kill) : undefined;
      if (!watcher) void delay(took * (0.7 + round * 0.06)).then(kill);
      if ((await child.outcome).signal === "SIGKILL") killed += 1;
      watcher?.close();
      const text = readFileSync(at.file, "utf8");
      expect(text.endsWith(remark)).toBe(true);
      expect(profiles(text)).toContain("one");
    }
    expect(killed).toBeGreaterThan(0);
    // Whoever was killed holds nothing up.
    expect(await at.run(["init", ...PUBLIC, "-p", "last"])).toMatchObject({ code: 0 });
    expect(await at.run(["config", "check"])).toMatchObject({ code: 0 });
  });
});

describe("init --import", () => {
  it("makes a profile of an oci-auth.config.jsonc in the project and keeps the reference to its secret", async () => {
    const at = place();
    const path = oldFile(at.project, { ...OCI, log_level: "debug" });
    oldFile(at.openCode, { ...OCI, client_id: "not this one" });
    const outcome = await at.run(["init", "--import"], { cwd: at.project });
    expect(outcome).toMatchObject({ code: 0, stdout: `${at.file}\n` });
    expect(configOf(at).profiles).toEqual({
      oci: {
        preset: "oci",
        issuer: "https://idcs-1.identity.oraclecloud.com",
        flow: "authorization_code",
        client_id: "abc",
        client_secret: "{file:~/.secrets/oci}",
        redirect_uri: "http://localhost:8888/callback",
        scope: "openid offline_access",
        base_url: "https://llm.example.com/v1",
        provider: "oci-oidc",
      },
    });
    expect(linesOf(outcome)).toEqual(
      expect.arrayContaining([
        `oidc-token: from ${path}, profile "oci":`,
        "oidc-token:   client_secret: {file:~/.secrets/oci}",
        expect.stringContaining("OIDC_TOKEN_LOG=debug"),
        "oidc-token: add our plugin: oidc-token setup opencode --write --profile oci",
        expect.stringContaining('"oci-oidc/<model>"'),
        "oidc-token: next: oidc-token login --profile oci",
      ]),
    );
  });

  it("finds the user's own one, and makes a relative secret file absolute", async () => {
    const at = place();
    oldFile(
      at.openCode,
      `{ /* mine */ ${JSON.stringify({ ...OCI, client_secret: "{file:./oci}" }).slice(1)}`,
    );
    expect(await at.run(["init", "--import"], { cwd: at.project })).toMatchObject({ code: 0 });
    expect(configOf(at).profiles.oci.client_secret).toBe(`{file:${join(at.openCode, "oci")}}`);
  });

  it("puts a plain secret into the store, and into no file of ours, no output and no log", async () => {
    const at = place();
    const { client_secret: secret } = CLIENTS.basic;
    const path = oldFile(at.project, { ...(await ociDomain()), client_secret: secret });
    const outcome = await at.run(["init", "--import", "--log-level", "debug"], { cwd: at.project });
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).not.toContain("untested");
    expect(outcome.stderr).toContain(`the client_secret from ${path} is now in the file store; take it out`);
    expect(readFileSync(at.file, "utf8")).toContain('"client_secret": "{keyring}"');
    const log = existsSync(at.logFile) ? readFileSync(at.logFile, "utf8") : "";
    for (const text of [outcome.stdout, outcome.stderr, readFileSync(at.file, "utf8"), log])
      expect(text).not.toContain(secret);
    expect(keptIn(at)).toEqual([secret]);
  });

  it("does not keep a plain secret that the provider refuses, and ends with 7", async () => {
    const at = place();
    const path = oldFile(at.project, { ...(await ociDomain()), client_secret: "idcscs-canary-0001" });
    const outcome = await at.run(["init", "--import"], { cwd: at.project });
    expect(outcome).toMatchObject({ code: 7, stdout: `${at.file}\n` });
    expect(outcome.stderr).toContain(`the client_secret from ${path} was not kept: the provider does not`);
    expect(outcome.stderr).toContain("hint: give it the right secret: oidc-token login --new-secret");
    expect(outcome.stderr).not.toContain("idcscs-canary");
    expect(keptIn(at)).toEqual([]);
  });

  it("keeps a plain secret with a warning where the provider cannot be asked", async () => {
    const at = place();
    oldFile(at.project, { ...OCI, domain_url: "http://127.0.0.1:9", client_secret: "idcscs-canary-0001" });
    const outcome = await at.run(["init", "--import"], { cwd: at.project });
    expect(outcome.code).toBe(0);
    expect(outcome.stderr.match(/so the client's secret is kept untested/g)).toHaveLength(1);
    expect(keptIn(at)).toEqual(["idcscs-canary-0001"]);
  });

  it("makes a device profile without a secret of a mobile application", async () => {
    const at = place();
    oldFile(at.project, { ...OCI, client_secret: "idcscs-unused-1", auth_method: "mobile_app" });
    const outcome = await at.run(["init", "--import"], { cwd: at.project });
    expect(configOf(at).profiles.oci).toMatchObject({ flow: "device_code" });
    expect(configOf(at).profiles.oci.client_secret).toBeUndefined();
    expect(outcome.stderr).toContain("a mobile application has none");
    expect(outcome.stderr).not.toContain("idcscs-unused");
    expect(existsSync(join(at.home, "data", "oidc-token", "tokens"))).toBe(false);
  });

  it("makes a profile of the other plugin's environment, and says what became of the audience", async () => {
    const at = place();
    const outcome = await at.run(["init", "--import"], { cwd: at.project, env: OKTA });
    expect(outcome.code).toBe(0);
    expect(configOf(at).profiles).toEqual({ okta: OKTA_PROFILE });
    expect(outcome.stderr).toMatch(/OKTA_AUDIENCE was left out: .*api:\/\/inference/);
    expect(outcome.stderr).toContain("--profile okta-key --flow static_key");
  });

  it("imports both, once: a second run changes nothing", async () => {
    const at = place();
    oldFile(at.project, OCI);
    const options = { cwd: at.project, env: OKTA };
    expect(await at.run(["init", "--import"], options)).toMatchObject({ code: 0 });
    const before = readFileSync(at.file, "utf8");
    expect(Object.keys(JSON.parse(before).profiles)).toEqual(["oci", "okta"]);
    const again = await at.run(["init", "--import"], options);
    expect(again).toMatchObject({ code: 0, stdout: `${at.file}\n` });
    expect(readFileSync(at.file, "utf8")).toBe(before);
  });

  it("names the file and the entry of the old plugin, and takes over the provider's id", async () => {
    const at = place();
    oldFile(at.project, OCI);
    mkdirSync(join(at.openCode, "plugin"), { recursive: true });
    writeFileSync(join(at.openCode, "plugin", "okta-auth.ts"), "");
    const opencode = join(at.project, "opencode.json");
    writeFileSync(
      opencode,
      `{\n  "plugin": ["social", ["opencode-oci-auth@1.0.0", {}]],\n  "provider": { "company": { "options": { "baseURL": "https://llm.example.com/v1/" } } }\n}`,
    );
    const outcome = await at.run(["init", "--import"], { cwd: at.project, env: OKTA });
    expect(configOf(at).profiles.oci.provider).toBe("company");
    expect(linesOf(outcome)).toEqual(
      expect.arrayContaining([
        `oidc-token: ${opencode}:2:24: take out the old plugin "opencode-oci-auth@1.0.0"`,
        `oidc-token: ${join(at.openCode, "plugin")}: take out the old plugin "okta-auth.ts"`,
        "oidc-token: in its place add our plugin: oidc-token setup opencode --write --profile oci",
        'oidc-token: models are called "company/<model>" in OpenCode; set "model" to one of them',
      ]),
    );
    expect(outcome.stderr).not.toContain("social");
  });

  it("goes on where an opencode.json is broken, and says so", async () => {
    const at = place();
    oldFile(at.project, OCI);
    writeFileSync(join(at.project, "opencode.json"), "{ oops");
    const outcome = await at.run(["init", "--import"], { cwd: at.project });
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toMatch(/opencode\.json:1:3: .*, so what OpenCode is told there is not known/);
  });

  it("reads the file that is named, and only that", async () => {
    const at = place();
    oldFile(join(at.home, "old"), OCI);
    const args = ["init", "--import", "../old/oci-auth.config.jsonc", "--profile", "work"];
    expect(await at.run(args, { cwd: at.project, env: OKTA })).toMatchObject({ code: 0 });
    expect(Object.keys(configOf(at).profiles)).toEqual(["work"]);
  });

  it.each<[string, object | string, string]>([
    ["broken JSONC", '{ "domain_url": ', "oci-auth.config.jsonc:1:17: a value is missing here"],
    ["an unknown auth_method", { ...OCI, auth_method: "magic" }, '"auth_method" must be one of'],
    ["no domain_url", { ...OCI, domain_url: "" }, '"domain_url" is missing'],
    ["no client_id", { domain_url: OCI.domain_url }, '"client_id" is missing'],
    [
      "a domain_url without https",
      { ...OCI, domain_url: "idcs-1.example.com" },
      '"domain_url" must be a URL',
    ],
    [
      "a redirect to elsewhere",
      { ...OCI, redirect_uri: "https://example.com/" },
      '"redirect_uri" must be an http URL',
    ],
    ["a secret that is a number", { ...OCI, client_secret: 5 }, '"client_secret" must be a string'],
    ["a list", "[]", "must be an object"],
    ["nothing", "", "is empty"],
  ])("refuses an old file with %s, says where, and writes nothing", async (_, content, complaint) => {
    const at = place();
    oldFile(at.project, content);
    const outcome = await at.run(["init", "--import"], { cwd: at.project });
    expect(outcome).toMatchObject({ code: 4, stdout: "" });
    expect(linesOf(outcome)).toHaveLength(2);
    expect(outcome.stderr).toContain("oci-auth.config.jsonc");
    expect(outcome.stderr).toContain(complaint);
    expect(existsSync(at.file)).toBe(false);
  });

  it.each<[Record<string, string>, string]>([
    [{ OKTA_ISSUER: OKTA.OKTA_ISSUER }, "OKTA_ISSUER is set, but OKTA_CLIENT_ID is not"],
    [{ HAIILO_AI_BASE_URL: OKTA.HAIILO_AI_BASE_URL }, "HAIILO_AI_BASE_URL is set, but OKTA_ISSUER is not"],
    [{ ...OKTA, OKTA_ISSUER: "okta" }, "OKTA_ISSUER must be a URL"],
    [{ ...OKTA, HAIILO_AI_BASE_URL: "http://ai.example.com" }, "HAIILO_AI_BASE_URL must be an https URL"],
  ])("names the variable that is wrong in %j", async (env, complaint) => {
    const at = place();
    const outcome = await at.run(["init", "--import"], { cwd: at.project, env });
    expect(outcome).toMatchObject({ code: 4, stdout: "" });
    expect(outcome.stderr).toContain(complaint);
    expect(existsSync(at.file)).toBe(false);
  });

  it("with nothing there exits 4 and says where it looked", async () => {
    const at = place();
    const outcome = await at.run(["init", "--import"], { cwd: at.project });
    expect(outcome).toMatchObject({ code: 4, stdout: "" });
    for (const where of [at.project, at.openCode, "OKTA_ISSUER"]) expect(outcome.stderr).toContain(where);
    const named = await at.run(["init", "--import", "absent.jsonc"], { cwd: at.project });
    expect(named).toMatchObject({ code: 4 });
    expect(named.stderr).toContain("absent.jsonc, named by --import, does not exist");
  });

  it("writes none of two profiles where one is there already with other values", async () => {
    const at = place();
    oldFile(at.project, OCI);
    at.configure({ profiles: { okta: { issuer: "https://other.okta.com", client_id: "x" } } });
    const before = readFileSync(at.file, "utf8");
    const outcome = await at.run(["init", "--import"], { cwd: at.project, env: OKTA });
    expect(outcome).toMatchObject({ code: 4, stdout: "" });
    expect(readFileSync(at.file, "utf8")).toBe(before);
  });

  it.each([
    [["--issuer", "https://id.example.com"], "--issuer cannot go with it"],
    [["--profile", "work"], "--profile names one profile, and there are 2"],
    [["--default"], "--default is for one profile"],
  ])("with two to import does not take %j", async (args, complaint) => {
    const at = place();
    oldFile(at.project, OCI);
    const outcome = await at.run(["init", "--import", ...args], { cwd: at.project, env: OKTA });
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain(complaint);
    expect(existsSync(at.file)).toBe(false);
  });

  it("leads to a token: import, login, get", async () => {
    const provider = await startProvider();
    onTestFinished(() => provider.stop());
    const at = place();
    const { issuer, client_id, scope } = deviceProfile(provider) as Record<string, string>;
    const env = { OKTA_ISSUER: issuer, OKTA_CLIENT_ID: client_id, OKTA_SCOPES: scope };
    expect(await at.run(["init", "--import"], { cwd: at.project, env })).toMatchObject({ code: 0 });
    expect(await signIn(at)).toMatchObject({ code: 0 });
    expect((await at.run(["get", "--profile", "okta"])).stdout).toMatch(/^\S{20,}\n$/);
  });
});
