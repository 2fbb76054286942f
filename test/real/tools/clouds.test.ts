import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Bench } from "../../support/tools/bench.js";
import { fromNpm, onPath } from "../../support/tools/installed.js";
import { type Sts, startSts } from "../../support/tools/sts.js";

const google = fromNpm("google-auth-library@10.9.1");
const sdk = fromNpm("@aws-sdk/client-sts@3.1169.0", "@aws-sdk/credential-providers@3.1169.0");
const aws = onPath("aws", false);
const gcloud = onPath("gcloud", false);
/** AWS_ENDPOINT_URL_STS came with 2.13 and 1.29: an older one cannot be kept on this machine. */
const aws_is_old = aws.path !== undefined && !knowsEndpoint();
const ROLE = "arn:aws:iam::123456789012:role/corp";

let bench: Bench;
let sts: Sts;
beforeEach(async () => {
  bench = await Bench.start();
  sts = await startSts(bench.provider);
});
afterEach(async () => {
  await sts?.stop();
  await bench?.stop();
});

const awsEnv = () => ({
  AWS_ENDPOINT_URL_STS: sts.url,
  AWS_REGION: "eu-central-1",
  AWS_DEFAULT_REGION: "eu-central-1",
  AWS_ROLE_ARN: undefined,
  AWS_PROFILE: undefined,
});

describe.skipIf(google.missing)(google.named("google-auth-library"), () => {
  test("exchanges ID tokens from the executable, another after an expiry", async () => {
    const written = await bench.setup(
      "google",
      "--audience",
      "//iam.googleapis.com/locations/global/workforcePools/p/providers/corp",
    );
    const [file = ""] = written.stdout.trim().split("\n");
    const script = `
      const { ExternalAccountClient } = require("google-auth-library");
      const written = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
      // Google's own STS is not to be had here.
      const client = ExternalAccountClient.fromJSON({ ...written, token_url: process.argv[2] });
      client.getAccessToken().then(({ token }) => console.log(token), (error) => { console.error(error.message); process.exitCode = 1; });`;
    const env = { NODE_PATH: google.path, GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: "1" };
    const use = () => bench.run(process.execPath, ["-e", script, file, sts.url], { env });
    await bench.live(
      async () => expect(await use()).toMatchObject({ stderr: "", stdout: "google-access-token\n" }),
      "does not ask again",
      "id_token",
    );
    expect(new Set(sts.exchanged).size).toBe(2);
    expect(await bench.undo("google")).toEqual([]);
    expect((await use()).code).not.toBe(0);
  });
});

describe.skipIf(gcloud.missing)(gcloud.named("gcloud"), () => {
  test("signs in with the file that is written, and exchanges ID tokens by it, another after an expiry", async () => {
    const written = await bench.setup(
      "google",
      "--audience",
      "//iam.googleapis.com/locations/global/workforcePools/p/providers/corp",
    );
    const [file = ""] = written.stdout.trim().split("\n");
    // Google's own STS is not to be had here.
    const here = join(bench.home, "account.json");
    const text = readFileSync(file, "utf8").replaceAll("https://sts.googleapis.com/v1", sts.url);
    writeFileSync(here, text, { mode: 0o600 });
    const env = {
      CLOUDSDK_CONFIG: join(bench.home, "gcloud"),
      CLOUDSDK_CORE_DISABLE_PROMPTS: "1",
      CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: "true",
      CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: "true",
      GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: "1",
      GOOGLE_APPLICATION_CREDENTIALS: here,
    };
    const use = (...words: readonly string[]) => bench.run("gcloud", ["auth", ...words], { env });
    expect((await use("login", `--cred-file=${here}`)).stderr).toContain("principal://corp/subject/person");
    sts.exchanged.length = 0;
    await bench.live(
      async () => {
        const { stdout, stderr } = await use("application-default", "print-access-token");
        expect({ stdout, stderr }).toMatchObject({ stdout: "google-access-token\n" });
      },
      "does not ask again",
      "id_token",
    );
    expect(new Set(sts.exchanged).size).toBe(2);
    expect(await bench.undo("google")).toEqual([]);
  });
});

describe.skipIf(aws.missing || aws_is_old)(
  aws.named(aws_is_old ? "AWS CLI (skipped: it cannot be pointed at this machine)" : "AWS CLI"),
  () => {
    test("assumes a role with ID tokens by credential_process, another after an expiry", async () => {
      bench.file(".aws/config", "# mine\n[default]\nregion = eu-central-1\n");
      await bench.setup("aws", "--role", ROLE);
      await bench.live(
        async () => {
          const args = ["sts", "get-caller-identity", "--profile", "corp", "--output", "text"];
          const { code, stdout, stderr } = await bench.run("aws", args, { env: awsEnv() });
          expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
          expect(stdout).toContain("assumed-role/corp");
        },
        "does not ask again",
        "id_token",
      );
      expect(new Set(sts.exchanged).size).toBe(2);
      expect(await bench.undo("aws")).toEqual([]);
    });
  },
);

describe.skipIf(sdk.missing)(sdk.named("AWS SDK for JavaScript"), () => {
  test("assumes a role with the ID-token file that `exec` keeps", async () => {
    const script = `
      const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");
      const { fromTokenFile } = require("@aws-sdk/credential-providers");
      new STSClient({ credentials: fromTokenFile() }).send(new GetCallerIdentityCommand({}))
        .then(({ Arn }) => console.log(Arn), (error) => { console.error(error); process.exitCode = 1; });`;
    const env = { ...awsEnv(), AWS_ROLE_ARN: ROLE, NODE_PATH: sdk.path };
    const exec = ["exec", "--id-token-file-env", "AWS_WEB_IDENTITY_TOKEN_FILE", "--"];
    await bench.live(
      async () => {
        const words = [...exec, process.execPath, "-e", script];
        const { code, stdout, stderr } = await bench.run("oidc-token", words, { env });
        expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining("Error") });
        expect(stdout).toContain("assumed-role/corp");
      },
      "does not ask again",
      "id_token",
    );
    expect(new Set(sts.exchanged).size).toBe(2);
  });
});

function knowsEndpoint(): boolean {
  try {
    const said = execFileSync("aws", ["--version"], { encoding: "utf8", timeout: 30_000 });
    const [, major = "0", minor = "0"] = /aws-cli\/(\d+)\.(\d+)/.exec(said) ?? [];
    return Number(minor) >= (major === "1" ? 29 : 13);
  } catch {
    return false;
  }
}
