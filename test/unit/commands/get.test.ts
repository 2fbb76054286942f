import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GetOptions, get } from "../../../src/commands/get.js";
import type { TokenSet } from "../../../src/token/token-set.js";
import { InMemory, selectedProfile } from "../../support/in-memory.js";

let place: InMemory;
beforeEach(() => {
  place = new InMemory();
  place.configure({
    default_profile: "okta",
    profiles: {
      okta: {
        issuer: "https://idp.example.com",
        client_id: "cli",
        flow: "device_code",
        base_url: "https://llm.example.com/v1",
      },
      bot: {
        issuer: "https://idp.example.com",
        client_id: "bot",
        client_secret: "{env:BOT_SECRET}",
        flow: "client_credentials",
      },
      ci: { flow: "static_key", key: "{env:LLM_API_KEY}", header: "x-api-key", header_scheme: "" },
      typed: { flow: "static_key", key: "{keyring}" },
    },
  });
});
afterEach(() => place.dispose());

const run = (options: GetOptions = {}) => get(place.context(["get"]), { interactive: "never", ...options });
const keep = (tokens: Partial<TokenSet> = {}, profile = "okta") =>
  place.keep(selectedProfile(place.context(), { profile }).account, tokens);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;

describe("get prints", () => {
  it("the stored token and asks nobody", async () => {
    keep();
    await run();
    expect(place.stdout).toBe("stored-access\n");
    expect(place.stderr).toBe("");
    expect(place.asked).toEqual([]);
  });

  it("the refreshed token, once it is stored", async () => {
    keep({ expires_at: place.time - 1 });
    place.refreshesTo(() => place.issued({ refresh_token: "next-refresh" }));
    await run({ format: "header" });
    expect(place.stdout).toBe("Authorization: Bearer issued-access\n");
    expect(place.tokens).toMatchObject({ access_token: "issued-access", refresh_token: "next-refresh" });
    expect(place.locked.size).toBe(0);
  });

  it("a token of client_credentials without anybody having signed in", async () => {
    place.grants = { issue: async () => place.issued() };
    await run({ profile: "bot" });
    expect(place.stdout).toBe("issued-access\n");
    expect(place.asked).toEqual(["issue"]);
  });

  it("the static key in the header of its profile", async () => {
    place.env.LLM_API_KEY = "sk-key";
    await run({ profile: "ci", format: "header" });
    expect(place.stdout).toBe("x-api-key: sk-key\n");
  });
});

describe("get prints nothing and fails with", () => {
  it.each<[string, GetOptions, string, RegExp]>([
    ["sign_in_needed and the command to run, when nobody is signed in", {}, "sign_in_needed", /"okta"/],
    ["usage for a format that is none", { format: "yaml" }, "usage", /--format .*"yaml"/],
    ["usage for a validity that is none", { minValidity: "soon" }, "usage", /--min-validity .*"soon"/],
    ["usage for a digest that is none", { rejectedSha256: "abc" }, "usage", /--rejected-sha256/],
    ["usage for a word that is none", { interactive: "maybe" }, "usage", /--interactive .*"maybe"/],
    ["usage for a URL that is none", { url: "llm.example.com" }, "usage", /--url/],
    ["configuration for a profile that is none", { profile: "oktaa" }, "configuration", /"oktaa"/],
    ["configuration for a key that is not set", { profile: "ci" }, "configuration", /LLM_API_KEY/],
    ["sign_in_needed for a key that was never typed in", { profile: "typed" }, "sign_in_needed", /"typed"/],
  ])("%s", async (_what, options, kind, message) => {
    await expect(run(options)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) });
    expect(place.stdout).toBe("");
  });

  it("store for a record it cannot read, and leaves it there", async () => {
    keep();
    const [account = ""] = place.stored.keys();
    place.stored.set(account, "damaged");
    await expect(run()).rejects.toMatchObject({
      kind: "store",
      hint: expect.stringContaining("logout --local"),
    });
    expect(place.stored.get(account)).toBe("damaged");
  });

  it("temporary when the provider cannot be reached and the token has expired", async () => {
    keep({ expires_at: place.time - 1 });
    await expect(run()).rejects.toMatchObject({ kind: "temporary" });
    expect(place.stdout).toBe("");
    expect(place.tokens).toMatchObject({ refresh_token: "stored-refresh" });
  });
});

describe("get --url lets the token go", () => {
  it.each([
    ["to the origin of the profile, whatever the path", "https://llm.example.com/v1/chat?x=1", true],
    ["to the same origin with its port spelt out", "https://LLM.example.com:443/", true],
    ["not to another host", "https://evil.example/v1", false],
    ["not to a host that only begins alike", "https://llm.example.com.evil.example/", false],
    ["not to a host that hides behind a user name", "https://llm.example.com@evil.example/", false],
    ["not to a sub-domain", "https://x.llm.example.com/", false],
    ["not to another port", "https://llm.example.com:8443/", false],
    ["not without encryption", "http://llm.example.com/v1", false],
    ["not to what has no origin", "data:text/plain,llm.example.com", false],
  ])("%s", async (_what, url, allowed) => {
    keep();
    if (allowed) await run({ url });
    else await expect(run({ url })).rejects.toMatchObject({ kind: "configuration" });
    expect(place.stdout).toBe(allowed ? "stored-access\n" : "");
  });

  it("nowhere when the profile names no origin", async () => {
    place.grants = { issue: async () => place.issued() };
    const request = run({ profile: "bot", url: "https://llm.example.com/" });
    await expect(request).rejects.toMatchObject({ hint: expect.stringContaining("allowed_origins") });
    expect(place.asked).toEqual([]);
  });
});

describe("get --id-token prints", () => {
  it("the ID token in place of the access token", async () => {
    const id_token = jwt({ exp: place.time + 3600 });
    keep({ id_token });
    await run({ idToken: true });
    expect(place.stdout).toBe(`${id_token}\n`);
  });

  it("a new one where it has expired before the access token beside it", async () => {
    keep({ id_token: jwt({ exp: place.time - 1 }), expires_at: place.time + 86_400 });
    const id_token = jwt({ exp: place.time + 300 });
    place.refreshesTo(() => place.issued({ id_token, obtained_at: place.time + 1 }));
    await run({ idToken: true });
    expect(place.stdout).toBe(`${id_token}\n`);
    expect(place.asked).toEqual(["refresh", "verifyIdToken"]);
  });

  it("never an expired one: where a refresh brings none, a sign-in is needed", async () => {
    keep({ id_token: jwt({ exp: place.time - 1 }), expires_at: place.time + 86_400 });
    place.refreshesTo(() => place.issued());
    await expect(run({ idToken: true })).rejects.toMatchObject({ kind: "sign_in_needed" });
    expect(place.stdout).toBe("");
  });

  it("nothing where the profile has none, and says which scope to add", async () => {
    keep();
    await expect(run({ idToken: true })).rejects.toMatchObject({
      kind: "configuration",
      hint: expect.stringContaining("openid"),
    });
    expect(place.asked).toEqual([]);
  });
});

describe("a refused static key", () => {
  it("is not handed out again, and the error says where a valid one goes", async () => {
    place.env.LLM_API_KEY = "sk-key";
    const request = run({ profile: "ci", rejectedSha256: sha256("sk-key").toUpperCase() });
    await expect(request).rejects.toMatchObject({ kind: "refused" });
    expect(place.stdout).toBe("");
  });

  it("is handed out where the refused one was another", async () => {
    place.env.LLM_API_KEY = "sk-new";
    await run({ profile: "ci", rejectedSha256: sha256("sk-old") });
    expect(place.stdout).toBe("sk-new\n");
  });
});

describe("what is noted for the next call", () => {
  const noted = () => {
    const path = join(place.home, "cache", "get.json");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  const CANARY = "CANARY-9f2c";

  beforeEach(() => {
    // The file must not be as young as the call that reads it.
    const wait = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(wait, 0, 0, 60);
  });

  it("is the profile and never a secret", async () => {
    keep({ access_token: CANARY, refresh_token: CANARY, id_token: CANARY });
    await run();
    expect(noted()).toContain('"account":"okta');
    expect(noted()).not.toContain(CANARY);
  });

  it("is nothing where the environment overrides the profile", async () => {
    place.env.OIDC_TOKEN_CLIENT_SECRET = CANARY;
    keep();
    await run();
    expect(noted()).toBe("");
  });

  it.each<[string, GetOptions]>([
    ["a forced refresh", { forceRefresh: true }],
    ["a refused token", { rejectedSha256: sha256("another") }],
  ])("is nothing of a call with %s, which must always look anew", async (_what, options) => {
    keep();
    place.refreshesTo(() => place.issued());
    await run(options);
    expect(place.stdout).not.toBe("");
    expect(noted()).toBe("");
  });

  it("is where a static key is, and nothing of the key", async () => {
    place.env.LLM_API_KEY = CANARY;
    await run({ profile: "ci" });
    expect(noted()).toContain('"key":{"from":"env","name":"LLM_API_KEY"}');
    expect(noted()).not.toContain(CANARY);
  });
});

describe("get for tools", () => {
  it("says which version of kubectl's protocol it can't speak", async () => {
    keep();
    place.env.KUBERNETES_EXEC_INFO = '{"apiVersion":"client.authentication.k8s.io/v2"}';
    await expect(run({ format: "exec-credential" })).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringContaining("client.authentication.k8s.io/v2"),
      hint: expect.stringContaining("client.authentication.k8s.io/v1beta1"),
    });
    expect(place.stdout).toBe("");
  });

  it.each(["{", "null", "{}", '{"apiVersion":1}'])(
    "says that %s in place of kubectl's words names no version",
    async (info) => {
      keep();
      place.env.KUBERNETES_EXEC_INFO = info;
      await expect(run({ format: "exec-credential" })).rejects.toMatchObject({
        kind: "configuration",
        message: "the variable KUBERNETES_EXEC_INFO is no JSON with an apiVersion",
        hint: "unset it, or let kubectl run this command: it sets the variable itself",
      });
      expect(place.stdout).toBe("");
    },
  );

  it("gives Google's libraries the ID token, in a file for this user alone as well", async () => {
    const id_token = jwt({ exp: place.time + 900 });
    keep({ id_token });
    const file = join(place.home, "google.json");
    place.env.GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE = file;
    await run({ format: "google-executable" });
    expect(JSON.parse(place.stdout)).toMatchObject({
      success: true,
      id_token,
      expiration_time: place.time + 900,
    });
    expect(readFileSync(file, "utf8")).toBe(place.stdout);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("tells Google's libraries of a failure in their protocol, with nothing on stderr", async () => {
    await run({ format: "google-executable" });
    expect(JSON.parse(place.stdout)).toMatchObject({ version: 1, success: false, code: "sign_in_needed" });
    expect(place.stderr).toBe("");
  });
});

describe("get --fresh-on-repeat", () => {
  let issued: number;
  beforeEach(() => {
    issued = 0;
    keep();
    place.refreshesTo(() => {
      issued += 1;
      return place.issued({ access_token: `issued-${issued}` });
    });
  });
  async function ask(): Promise<string> {
    place.stdout = "";
    await run({ freshOnRepeat: true });
    return place.stdout.trim();
  }

  it("gives the stored token first, and a new one where the same caller asks again within a minute", async () => {
    expect(await ask()).toBe("stored-access");
    place.time += 59;
    expect(await ask()).toBe("issued-1");
  });

  it("refreshes at most once for a token", async () => {
    await ask();
    for (let times = 0; times < 4; times += 1) expect(await ask()).toBe("issued-1");
    expect(place.asked).toEqual(["refresh"]);
  });

  it("gives the stored one again after a minute", async () => {
    await ask();
    place.time += 60;
    expect(await ask()).toBe("stored-access");
    expect(place.asked).toEqual([]);
  });

  it("gives the stored one where nothing newer can be had", async () => {
    await ask();
    place.grants = {};
    expect(await ask()).toBe("stored-access");
  });

  it("does not count what a call without it was given", async () => {
    await run();
    expect(await ask()).toBe("stored-access");
    place.stdout = "";
    await run();
    expect(place.stdout).toBe("stored-access\n");
  });
});
