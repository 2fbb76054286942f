import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { googleFailure } from "../../../src/formats/google-executable.js";
import { FORMATS, formatTokens } from "../../../src/formats/output.js";
import type { TokenSet } from "../../../src/token/token-set.js";

const now = 1_000_000.75;
const tokens: TokenSet = {
  access_token: "eyJ.access.token",
  token_type: "Bearer",
  obtained_at: 1_000_000,
  expires_at: 1_003_600.5,
  refresh_token: "REFRESH-CANARY",
  id_token: "id",
  scope: "openid inference",
};
const opaque: TokenSet = { access_token: "opaque", token_type: "Bearer", obtained_at: 1_000_000 };
const bearer = { header: "Authorization", header_scheme: "Bearer" };
const format = (
  name: keyof typeof FORMATS,
  given = tokens,
  rule = bearer,
  env: Record<string, string> = {},
) => formatTokens(name, given, rule, now, env);

describe.each(Object.keys(FORMATS) as (keyof typeof FORMATS)[])("the format %s", (name) => {
  it("is one line that ends with a newline", () => {
    expect(format(name)).toMatch(/^[^\n]+\n$/);
  });

  it("has the access token and never the refresh token", () => {
    expect(format(name)).toContain(tokens.access_token);
    expect(format(name)).not.toContain("CANARY");
  });

  it("is there for a token of unknown expiry, too", () => {
    expect(format(name, opaque)).toContain("opaque");
    expect(format(name, opaque)).not.toMatch(/undefined|null|NaN|Infinity/);
  });
});

it("token: the bare token", () => {
  expect(format("token")).toBe("eyJ.access.token\n");
});

describe("json", () => {
  it("has the names of RFC 6749 §5.1 and expires_at, times in whole seconds, rounded to the safe side", () => {
    expect(JSON.parse(format("json"))).toEqual({
      access_token: "eyJ.access.token",
      token_type: "Bearer",
      expires_in: 3599,
      expires_at: 1_003_600,
      scope: "openid inference",
      id_token: "id",
    });
  });

  it("has no field for what is not known", () => {
    expect(JSON.parse(format("json", opaque))).toEqual({ access_token: "opaque", token_type: "Bearer" });
  });

  it("never says that a token expires in less than no time", () => {
    expect(JSON.parse(format("json", { ...tokens, expires_at: 999_000 }))).toMatchObject({ expires_in: 0 });
  });
});

describe("header", () => {
  it.each([
    ["Authorization: Bearer for most", bearer, "Authorization: Bearer eyJ.access.token\n"],
    [
      "another scheme",
      { header: "Authorization", header_scheme: "Token" },
      "Authorization: Token eyJ.access.token\n",
    ],
    [
      "a bare value without a scheme",
      { header: "x-api-key", header_scheme: "" },
      "x-api-key: eyJ.access.token\n",
    ],
  ])("is %s", (_what, rule, expected) => {
    expect(format("header", tokens, rule)).toBe(expected);
  });
});

describe("env", () => {
  it.skipIf(process.platform === "win32").each([
    ["an ordinary token", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-_"],
    ["single quotes", "a'b''c'"],
    ["nothing but a single quote", "'"],
    ["double quotes and backslashes", 'a"b\\c\\\\"\\'],
    ["what a shell would run", "$(touch /tmp/never) `id` $HOME !! ; exit 3 & | > x"],
    ["blanks and wildcards", "  a  b * ? [a-z] ~ # no comment "],
    ["line breaks", "first\nsecond\n\nlast"],
    ["a leading hyphen", "-n -e"],
    ["letters of other scripts", "schlüssel-東京"],
  ])("survives a POSIX shell with %s", (_what, access_token) => {
    const script = `${format("env", { ...tokens, access_token })}env -i PATH="$PATH" OIDC_TOKEN="$OIDC_TOKEN" sh -c 'printf %s "$OIDC_TOKEN"'`;
    expect(execFileSync("sh", ["-c", script], { encoding: "utf8", timeout: 10_000 })).toBe(access_token);
  });

  it.skipIf(process.platform === "win32")("exports the variable to what is started afterwards", () => {
    const script = `eval "$1"; sh -c 'printf %s "$OIDC_TOKEN"'`;
    const shown = execFileSync("sh", ["-c", script, "sh", format("env")], {
      encoding: "utf8",
      timeout: 10_000,
    });
    expect(shown).toBe(tokens.access_token);
  });
});

describe("exec-credential", () => {
  it("is what kubectl reads from a credential plugin", () => {
    expect(JSON.parse(format("exec-credential"))).toEqual({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token: "eyJ.access.token", expirationTimestamp: "1970-01-12T14:46:40Z" },
    });
  });

  it("has no timestamp for a token whose expiry nobody knows: kubectl then keeps it until it is refused", () => {
    expect(JSON.parse(format("exec-credential", opaque)).status).toEqual({ token: "opaque" });
  });

  it.each([
    ["the last second of the year 9999", 253_402_300_799, "9999-12-31T23:59:59Z"],
    ["a second more, which RFC 3339 cannot write", 253_402_300_800, undefined],
    ["an expiry that no calendar knows", 1e300, undefined],
  ])("can do with %s", (_what, expires_at, expirationTimestamp) => {
    const { status } = JSON.parse(format("exec-credential", { ...tokens, expires_at }));
    expect(status.expirationTimestamp).toBe(expirationTimestamp);
  });
});

describe("header-value and headers-json", () => {
  it("are what stands after the colon, and the same as an object", () => {
    expect(format("header-value")).toBe("Bearer eyJ.access.token\n");
    expect(JSON.parse(format("headers-json"))).toEqual({ Authorization: "Bearer eyJ.access.token" });
  });

  it("follow the profile's own header", () => {
    const bare = { header: "x-api-key", header_scheme: "" };
    expect(format("header-value", tokens, bare)).toBe("eyJ.access.token\n");
    expect(JSON.parse(format("headers-json", tokens, bare))).toEqual({ "x-api-key": "eyJ.access.token" });
  });
});

describe("exec-credential", () => {
  const asked = (apiVersion: unknown) =>
    format("exec-credential", tokens, bearer, { KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion }) });

  it.each(["v1", "v1beta1"])("is in the version that kubectl asks for: %s", (version) => {
    const apiVersion = `client.authentication.k8s.io/${version}`;
    expect(JSON.parse(asked(apiVersion))).toMatchObject({ apiVersion, kind: "ExecCredential" });
  });

  it.each(["client.authentication.k8s.io/v1alpha1", "v1", undefined, null, 1])(
    "is for no version that is not known: %s",
    (version) => expect(() => asked(version)).toThrow(),
  );
});

it("google-executable: an ID token in Google's protocol, and its failure", () => {
  expect(JSON.parse(format("google-executable"))).toEqual({
    version: 1,
    success: true,
    token_type: "urn:ietf:params:oauth:token-type:id_token",
    id_token: "eyJ.access.token",
    expiration_time: 1_003_600,
  });
  expect(googleFailure("temporary", "down")).toBe(
    '{"version":1,"success":false,"code":"temporary","message":"down"}\n',
  );
});
