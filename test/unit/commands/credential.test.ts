import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { credential } from "../../../src/commands/credential/credential.js";
import type { TokenSet } from "../../../src/token/token-set.js";
import { InMemory, selectedProfile } from "../../support/in-memory.js";

const TOKEN = "stored-access";
const EXPIRES = 1_003_600;

let place: InMemory;
beforeEach(() => {
  place = new InMemory();
  place.configure({
    profiles: {
      corp: profile({ allowed_origins: ["https://corp.example", "https://corp.example:8443"] }),
      local: profile({ allowed_origins: ["http://localhost:5000", "https://secure.example"] }),
      team: profile({ base_url: "https://shared.example/team/" }),
      "team-api": profile({ base_url: "https://shared.example/team/api" }),
      broken: { issuer: "https://idp.example.com", flow: "device_code" },
    },
  });
  for (const name of ["corp", "local", "team", "team-api"]) keep(name);
});
afterEach(() => place.dispose());

function profile(values: object): object {
  return { issuer: "https://idp.example.com", client_id: "cli", flow: "device_code", ...values };
}

function keep(name: string, tokens: Partial<TokenSet> = {}): void {
  const { account } = selectedProfile(place.context(), { profile: name });
  place.keep(account, { access_token: `${TOKEN}-${name}`, ...tokens });
}

async function ask(
  tool: string,
  words: readonly string[],
  input = "",
  options: object = {},
): Promise<number> {
  place.input = input;
  place.stdout = "";
  const argv = ["credential", tool, ...words];
  return await credential(place.context(argv), options, [tool, ...words]);
}

const lines = (...all: string[]): string => `${all.join("\n")}\n\n`;

/** How each tool asks for a URL, and what it is told where there is nothing for it. */
const TOOLS: Record<
  string,
  { ask(url: URL, raw: string): Promise<number>; readonly none: string; readonly code?: number }
> = {
  git: {
    ask: (url, raw) => ask("git", ["get"], lines(`protocol=${url.protocol.slice(0, -1)}`, `host=${raw}`)),
    none: "",
  },
  docker: {
    ask: (url, raw) => ask("docker", ["get"], url.protocol === "https:" ? raw : `http://${raw}`),
    none: "credentials not found in native keychain\n",
    code: 1,
  },
  cargo: {
    ask: (url, raw) =>
      ask(
        "cargo",
        ["--cargo-plugin"],
        `${JSON.stringify({ v: 1, kind: "get", registry: { "index-url": `sparse+${url.protocol}//${raw}/index/` } })}\n`,
      ),
    none: '{"v":[1]}\n{"Err":{"kind":"url-not-supported"}}\n',
  },
  terraform: {
    // It knows no other scheme than https.
    ask: (url, raw) => ask("terraform", ["get", url.protocol === "https:" ? raw : `http://${raw}`]),
    none: "{}\n",
  },
  bazel: {
    ask: (url, raw) => ask("bazel", ["get"], JSON.stringify({ uri: `${url.protocol}//${raw}/x` })),
    none: "{}\n",
  },
  keyring: {
    ask: (url, raw) => ask("keyring", ["get", `${url.protocol}//${raw}/simple`, "me"]),
    none: "",
    code: 1,
  },
};

/** Addresses that no profile lists, though they look like one that is listed. */
const STRANGERS: readonly (readonly [what: string, scheme: string, host: string])[] = [
  ["an unlisted host", "https", "other.example"],
  ["a host that ends with the listed one", "https", "evil-corp.example"],
  ["a host below the listed one", "https", "a.corp.example"],
  ["a host that begins with the listed one", "https", "corp.example.evil.test"],
  ["the listed host as a user", "https", "corp.example@evil.test"],
  ["a user before the listed host", "https", "me@corp.example"],
  ["a user and a password before the listed host", "https", "me:secret@corp.example"],
  ["the listed host and its port as user and password", "https", "corp.example:8443@evil.test"],
  ["the listed host as a path", "https", "evil.test/corp.example"],
  ["the listed host as a query", "https", "evil.test?corp.example"],
  ["the listed host as a fragment", "https", "evil.test#corp.example"],
  ["the listed host behind a fragment and a user", "https", "evil.test#@corp.example"],
  ["a dot at the end", "https", "corp.example."],
  ["a dot at the end and a port", "https", "corp.example.:8443"],
  ["a look-alike in capitals", "https", "CORP.EXAMPLE.EVIL.TEST"],
  ["an end of line behind it", "https", "corp.example\r"],
  ["a blank in it", "https", "corp.example evil.test"],
  ["a tab in it", "https", "corp\t.example"],
  ["a character without width", "https", "corp\u200b.example"],
  ["letters that look the same", "https", "сorp.example"],
  ["the same in punycode", "https", "xn--orp-6cd.example"],
  ["letters of full width", "https", "ｃorp.example"],
  ["a percent sign", "https", "corp%2eexample"],
  ["a backslash", "https", "corp.example\\@evil.test"],
  ["another port", "https", "corp.example:444"],
  ["no port where one is listed", "https", "localhost"],
  ["http in place of https", "http", "corp.example"],
  ["http on the port of https", "http", "corp.example:443"],
  ["http on another listed port", "http", "corp.example:8443"],
  ["a port that is none", "https", "corp.example:99999"],
  ["a port without digits", "https", "corp.example:"],
  ["http in place of https, on another listed host", "http", "secure.example"],
  ["another name of this machine", "http", "127.1:5000"],
  ["a number for this machine", "http", "2130706433:5000"],
  ["its address where its name is listed", "http", "127.0.0.1:5000"],
  ["the same by IPv6", "http", "[::1]:5000"],
];

describe.each(Object.entries(TOOLS))("%s is given no token for", (_tool, { ask: askFor, none, code = 0 }) => {
  it.each(STRANGERS)("%s", async (_what, scheme, host) => {
    expect(await askFor(new URL(`${scheme}://x`), host)).toBe(code);
    expect(place.stdout).toBe(none);
    expect(place.stderr).toBe("");
  });

  it("a listed host of another profile than the one named", async () => {
    place.configure({ profiles: { corp: profile({ base_url: "https://corp.example" }) } });
    expect(await askFor(new URL("https://x"), "secure.example")).toBe(code);
    expect(place.stdout).toBe(none);
  });
});

describe.each(Object.entries(TOOLS))(
  "%s is given the token of the profile that lists",
  (_tool, { ask: askFor }) => {
    it.each([
      ["the host", "corp.example", "corp"],
      ["the host, however it is written", "Corp.Example", "corp"],
      ["the host in capitals, with its port", "CORP.EXAMPLE:8443", "corp"],
      ["the host with the port that stands for itself", "corp.example:443", "corp"],
      ["the host with its port", "corp.example:8443", "corp"],
      ["another host", "secure.example", "local"],
    ])("%s", async (_what, host, name) => {
      expect(await askFor(new URL("https://x"), host)).toBe(0);
      expect(place.stdout).toContain(`${TOKEN}-${name}`);
      expect(place.stderr).toBe("");
    });
  },
);

describe("of several profiles of one host", () => {
  it.each([
    ["https://shared.example/team/api/x", "team-api"],
    ["https://shared.example/team/apix", "team"],
    ["https://shared.example/team", "team"],
  ])("%s is for the one whose base_url leads furthest: %s", async (url, name) => {
    await ask("keyring", ["get", url, "me"]);
    expect(place.stdout).toBe(`${TOKEN}-${name}\n`);
  });

  it("none is guessed where the path tells nothing, and a line on stderr says so", async () => {
    expect(await ask("keyring", ["get", "https://shared.example/", "me"])).toBe(1);
    expect(place.stdout).toBe("");
    expect(place.stderr).toMatch(/^oidc-token: the profiles "team", "team-api" .*--profile.*\n$/);
  });

  it("the one named counts", async () => {
    await ask("keyring", ["get", "https://shared.example/", "me"], "", { profile: "team" });
    expect(place.stdout).toBe(`${TOKEN}-team\n`);
  });
});

describe("git", () => {
  const request = (...more: string[]): string => lines(...more, "protocol=https", "host=corp.example");

  it("is answered for Basic where it announces nothing", async () => {
    await ask("git", ["get"], request());
    expect(place.stdout).toBe(`username=oauth2\npassword=${TOKEN}-corp\npassword_expiry_utc=${EXPIRES}\n`);
  });

  it("is answered for Bearer where it announces authtype", async () => {
    await ask("git", ["get"], request("capability[]=authtype", "capability[]=state", "wwwauth[]=Bearer"));
    expect(place.stdout).toBe(
      `capability[]=authtype\nauthtype=Bearer\ncredential=${TOKEN}-corp\nephemeral=1\npassword_expiry_utc=${EXPIRES}\n`,
    );
  });

  // GitLab and GitHub ask for Basic, and refuse the very same token as a bearer.
  it.each([
    ["asks for Basic alone", ['wwwauth[]=Basic realm="Bearer , Bearer"'], "Basic"],
    ["asks for either, in two headers", ["wwwauth[]=Basic realm=x", "wwwauth[]=bearer"], "Bearer"],
    ["asks for either, in one header", ['wwwauth[]=Basic realm="x", Bearer realm="y"'], "Bearer"],
    ["has changed its mind", ["wwwauth[]=Basic", "wwwauth[]=", "wwwauth[]=Bearer"], "Bearer"],
    ["has said nothing yet", [], "Bearer"],
    ["has said nothing yet, and a user stands in the address", ["username=me"], "Basic"],
    ["asks for what nobody has", ["wwwauth[]=Negotiate"], "Bearer"],
  ])("is answered by what the server takes, which %s", async (_what, more, scheme) => {
    await ask("git", ["get"], request("capability[]=authtype", ...more));
    expect(place.stdout).toContain(
      scheme === "Bearer" ? `authtype=Bearer\ncredential=${TOKEN}-corp\n` : `password=${TOKEN}-corp\n`,
    );
  });

  it("is answered for Basic where it has taken back what it announced", async () => {
    await ask("git", ["get"], request("capability[]=authtype", "capability[]="));
    expect(place.stdout).toContain(`password=${TOKEN}-corp\n`);
  });

  // What git 2.55 says and understands, as recorded on its side (gitcredentials(7), "custom helpers").
  it("is answered for Bearer in a whole conversation, the refusal of the token included", async () => {
    const common = ["protocol=https", "host=corp.example"];
    const challenge = 'wwwauth[]=Bearer realm="git"';
    const get = lines("capability[]=authtype", "capability[]=state", ...common, challenge);
    await ask("git", ["get"], get);
    const given = place.stdout.trim().split("\n");
    expect(given).toContain(`credential=${TOKEN}-corp`);
    place.refreshesTo(() => place.issued({ access_token: "fresh-access" }));
    const erase = lines(...given, ...common, challenge);
    expect(await ask("git", ["erase"], erase)).toBe(0);
    expect(await ask("git", ["erase"], erase)).toBe(0);
    expect([place.stdout, place.stderr, place.asked]).toEqual(["", "", ["refresh"]]);
    await ask("git", ["get"], get);
    expect(place.stdout).toContain("credential=fresh-access\n");
  });

  it("keeps the user it names", async () => {
    await ask("git", ["get"], request("username=me"));
    expect(place.stdout).toContain("username=me\n");
  });

  it("has nothing kept by store, and nothing done for what is not known", async () => {
    const before = [...place.stored];
    for (const action of ["store", "reject", "capability"]) {
      expect(await ask("git", [action], request(`password=${TOKEN}-corp`))).toBe(0);
    }
    expect([place.stdout, place.stderr, place.asked]).toEqual(["", "", []]);
    expect([...place.stored]).toEqual(before);
  });

  it.each(["password", "credential"])("has exactly the refused token replaced by erase: %s", async (key) => {
    place.refreshesTo(() => place.issued({ access_token: "fresh-access" }));
    await ask("git", ["erase"], request(`${key}=an-older-token`));
    await ask("git", ["erase"], request(`${key}=${TOKEN}-local`));
    expect(place.asked).toEqual([]);
    expect(await ask("git", ["erase"], request(`${key}=${TOKEN}-corp`))).toBe(0);
    expect(place.asked).toEqual(["refresh"]);
    expect([place.stdout, place.stderr]).toEqual(["", ""]);
    await ask("git", ["get"], request());
    expect(place.stdout).toContain("fresh-access");
  });
});

describe("docker", () => {
  it("is answered with the server as it wrote it", async () => {
    await ask("docker", ["get"], "https://corp.example/v1/");
    expect(JSON.parse(place.stdout)).toEqual({
      ServerURL: "https://corp.example/v1/",
      Username: "oauth2",
      Secret: `${TOKEN}-corp`,
    });
  });

  it("may mean http on this machine, as it does by itself", async () => {
    await ask("docker", ["get"], "localhost:5000");
    expect(place.stdout).toContain(`${TOKEN}-local`);
  });

  it("has store and erase accepted silently, and an empty list", async () => {
    expect(await ask("docker", ["store"], '{"ServerURL":"corp.example"}')).toBe(0);
    expect(await ask("docker", ["erase"], "corp.example")).toBe(0);
    expect(place.stdout).toBe("");
    expect(await ask("docker", ["list"])).toBe(0);
    expect(place.stdout).toBe("{}\n");
  });
});

describe("cargo", () => {
  const get = (more: object = {}): string =>
    `${JSON.stringify({ v: 1, kind: "get", registry: { "index-url": "sparse+https://corp.example/" }, ...more })}\n`;

  it("is greeted, and answered line by line until it closes stdin", async () => {
    expect(await ask("cargo", ["--cargo-plugin"], get() + get({ kind: "login" }) + get().trim())).toBe(0);
    const [greeting, ...answers] = place.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(greeting).toEqual({ v: [1] });
    const ok = {
      Ok: {
        kind: "get",
        token: `Bearer ${TOKEN}-corp`,
        cache: "expires",
        expiration: EXPIRES,
        operation_independent: true,
      },
    };
    expect(answers).toEqual([ok, { Err: { kind: "operation-not-supported" } }, ok]);
  });

  it("names the profile in the request", async () => {
    await ask("cargo", [], get({ args: ["--profile", "local"] }));
    expect(place.stdout).toContain("url-not-supported");
    await ask("cargo", [], get({ args: ["--profile=corp"] }));
    expect(place.stdout).toContain(`${TOKEN}-corp`);
  });

  it("is told a failure in its own words, and goes on", async () => {
    keep("corp", { expires_at: place.time - 1 });
    expect(await ask("cargo", [], get() + get({ kind: "logout" }))).toBe(0);
    const [, failure, after] = place.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(failure.Err).toMatchObject({
      kind: "other",
      message: expect.stringContaining("cannot be reached"),
    });
    expect(after).toEqual({ Err: { kind: "operation-not-supported" } });
    expect(place.stderr).toBe("");
  });
});

describe("terraform", () => {
  it("is given the token, may forget, and may not store", async () => {
    await ask("terraform", ["get", "corp.example"]);
    expect(JSON.parse(place.stdout)).toEqual({ token: `${TOKEN}-corp` });
    expect(await ask("terraform", ["forget", "corp.example"])).toBe(0);
    expect(await ask("terraform", ["store", "corp.example"], '{"token":"x"}')).toBe(1);
    expect(place.stderr).toMatch(/^oidc-token: [^\n]+\n$/);
  });
});

describe("bazel", () => {
  it("is given headers and the time until when they are good", async () => {
    await ask("bazel", ["get"], '{"uri":"https://corp.example/cache"}');
    expect(JSON.parse(place.stdout)).toEqual({
      headers: { Authorization: [`Bearer ${TOKEN}-corp`] },
      expires: "1970-01-12T14:46:40Z",
    });
  });

  it("is given the same for gRPC over TLS, and nothing for gRPC without", async () => {
    await ask(
      "bazel",
      ["get"],
      '{"uri":"grpcs://corp.example/build.bazel.remote.execution.v2.Execution/Execute"}',
    );
    expect(place.stdout).toContain(`Bearer ${TOKEN}-corp`);
    await ask("bazel", ["get"], '{"uri":"grpc://corp.example/google.Service/Method"}');
    expect(place.stdout).toBe("{}\n");
  });

  it.each([[["store"]], [[]]])("is refused what is not in its specification: %j", async (words) => {
    expect(await ask("bazel", words, '{"uri":"https://corp.example/"}')).toBe(1);
    expect(place.stdout).toBe("");
    expect(place.stderr).toMatch(/^oidc-token: [^\n]+get; [^\n]+\n$/);
  });
});

describe("keyring", () => {
  it("prints the password, or user and password", async () => {
    await ask("keyring", ["get", "corp.example", "me"]);
    expect(place.stdout).toBe(`${TOKEN}-corp\n`);
    await ask("keyring", ["get", "https://corp.example/simple", "--mode", "creds"]);
    expect(place.stdout).toBe(`oauth2\n${TOKEN}-corp\n`);
    await ask("keyring", ["get", "https://corp.example/simple"], "", { mode: "creds" });
    expect(place.stdout).toBe(`oauth2\n${TOKEN}-corp\n`);
  });

  it("refuses quietly to set or delete", async () => {
    for (const action of ["set", "del"]) expect(await ask("keyring", [action, "corp.example", "me"])).toBe(1);
    expect([place.stdout, place.stderr]).toEqual(["", ""]);
  });
});

describe("a failure", () => {
  it("is one line on stderr, exit code 1 and nothing on stdout", async () => {
    keep("corp", { expires_at: place.time - 1 });
    place.grants = { refresh: async () => ({ outcome: "session_ended", reason: "ended" }) };
    expect(await ask("git", ["get"], lines("protocol=https", "host=corp.example"))).toBe(1);
    expect(place.stdout).toBe("");
    expect(place.stderr).toMatch(/^oidc-token: [^\n]+oidc-token login --profile corp\n$/);
  });

  it("is silent where the stored token still works", async () => {
    keep("corp", { obtained_at: place.time - 3400, expires_at: place.time + 200 });
    expect(await ask("git", ["get"], lines("protocol=https", "host=corp.example"))).toBe(0);
    expect(place.asked).toEqual(["refresh"]);
    expect([place.stdout.includes(`${TOKEN}-corp`), place.stderr]).toEqual([true, ""]);
  });

  it.each([
    ["bazel", "{"],
    ["bazel", "null"],
    ["cargo", '"get"\n'],
  ])("is told of a request that is none: %s %s", async (tool, input) => {
    await ask(tool, ["get"], input);
    expect(place.stdout + place.stderr).toContain("is no request of this tool");
  });

  it("is told of a tool that is none", async () => {
    await expect(ask("gitt", ["get"])).rejects.toMatchObject({ kind: "usage" });
  });
});
