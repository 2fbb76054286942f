import { describe, expect, it } from "vitest";
import { tokenSetFrom } from "../../../src/oidc/token-set-from.js";

const jwt = (claims: unknown) =>
  `${btoa('{"alg":"none"}')}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
type Answer = Parameters<typeof tokenSetFrom>[0];
const from = (answer: object) =>
  tokenSetFrom({ access_token: "opaque", token_type: "bearer", ...answer } as unknown as Answer, 1000.25);

describe("the token set of an answer", () => {
  it("expires expires_in seconds after it arrived", () => {
    expect(from({ expires_in: 60 })).toEqual({
      access_token: "opaque",
      token_type: "Bearer",
      obtained_at: 1000.25,
      expires_at: 1060,
    });
    expect(from({ expires_in: 0 }).expires_at).toBe(1000);
  });

  it("takes the exp of a JWT where there is no expires_in, and prefers expires_in", () => {
    const access_token = jwt({ exp: 5000 });
    expect(from({ access_token }).expires_at).toBe(5000);
    expect(from({ access_token, expires_in: 60 }).expires_at).toBe(1060);
  });

  it.each(["opaque", "a.b.c", jwt({}), jwt({ exp: "5000" }), jwt([]), jwt(null), "..", "eyJ.eyJ.eyJ"])(
    "has no expiry for %s",
    (access_token) => {
      expect(from({ access_token })).not.toHaveProperty("expires_at");
    },
  );

  it.each([
    [{ refresh_token: "r", refresh_expires_in: 60 }, 1060],
    [{ refresh_token: "r", refresh_token_expires_in: "60" }, 1060],
    // Keycloak's offline sessions.
    [{ refresh_token: "r", refresh_expires_in: 0 }, undefined],
    [{ refresh_token: "r", refresh_expires_in: 1e300 }, undefined],
    [{ refresh_token: "r", refresh_expires_in: "soon" }, undefined],
    [{ refresh_token: "r" }, undefined],
    [{ refresh_expires_in: 60 }, undefined],
  ])("of %j has a session that ends at %s", (answer, end) => {
    expect(from(answer).refresh_expires_at).toBe(end);
  });

  it("takes bearer in any case and refuses other types", () => {
    expect(from({ token_type: "BEARER" }).token_type).toBe("Bearer");
    expect(() => from({ token_type: "dpop" })).toThrow(expect.objectContaining({ kind: "refused" }));
  });

  it.each(["a\r\nX-Injected: 1", "two words", "", "caf\u00e9"])(
    "refuses %j, which no header can carry",
    (access_token) => {
      expect(() => from({ access_token })).toThrow("no HTTP header can carry");
    },
  );

  it.each(["a\r\nb", "two words", "caf\u00e9"])(
    "refuses an id token that no header can carry: %j",
    (id_token) => {
      expect(() => from({ id_token })).toThrow("no HTTP header can carry");
    },
  );

  it.each([1e308, 1e12, -1e308])(
    "counts an expiry that no calendar has as not said: in %d s",
    (expires_in) => {
      expect(from({ expires_in })).not.toHaveProperty("expires_at");
      expect(from({ access_token: jwt({ exp: expires_in }) })).not.toHaveProperty("expires_at");
    },
  );

  it("keeps an id token only with the access token it was made for, where it says so", () => {
    // OpenID Connect Core, appendix A.3
    const access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    const at_hash = "77QmUPtjPfzWtF2AnpK9RQ";
    const made = (claims: object) => {
      const part = (content: object) => Buffer.from(JSON.stringify(content)).toString("base64url");
      return `${part({ alg: "RS256" })}.${part(claims)}.c2ln`;
    };
    expect(from({ access_token, id_token: made({ at_hash }) })).toHaveProperty("id_token");
    expect(from({ access_token, id_token: made({}) })).toHaveProperty("id_token");
    expect(() => from({ access_token: "another", id_token: made({ at_hash }) })).toThrow(
      "at_hash does not match",
    );
    expect(() => from({ access_token, id_token: made({ at_hash: 7 }) })).toThrow("at_hash does not match");
  });

  it("keeps refresh token, id token and scope as they came", () => {
    const parts = { refresh_token: "r", id_token: "i", scope: "a b" };
    expect(from(parts)).toMatchObject(parts);
    expect(from({ expires_in: 1, claims: "x", session_state: "y" })).not.toHaveProperty("session_state");
  });
});
