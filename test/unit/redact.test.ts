import { describe, expect, it } from "vitest";
import { Redactor } from "../../src/redact.js";

function redactorOf(...secrets: string[]): Redactor {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

describe("a known secret is masked", () => {
  const secret = `p@ss "w\\rd"/ü+ö 'x'`;

  it.each([
    ["as it is", secret],
    ["in a URL", encodeURIComponent(secret)],
    ["in a form", new URLSearchParams({ client_secret: secret }).toString().slice("client_secret=".length)],
    ["in JSON", JSON.stringify({ secret }).slice('{"secret":"'.length, -2)],
  ])("%s", (_where, written) => {
    expect(redactorOf(secret).apply(`before ${written} after`)).toBe("before [redacted] after");
  });

  it("wherever and however often it stands", () => {
    expect(redactorOf("abc-secret").apply("abc-secretabc-secret, abc-secret")).toBe(
      "[redacted][redacted], [redacted]",
    );
  });

  it("whole, where another secret is its beginning", () => {
    const text = "short: refresh-1, long: refresh-1234567";
    for (const order of [
      ["refresh-1", "refresh-1234567"],
      ["refresh-1234567", "refresh-1"],
    ]) {
      expect(redactorOf(...order).apply(text)).toBe("short: [redacted], long: [redacted]");
    }
  });

  it("literally, not as a pattern", () => {
    expect(redactorOf("a.c+d*(e)$&").apply("abccd and a.c+d*(e)$&")).toBe("abccd and [redacted]");
  });

  it("in what is written after the secret was added, not only before", () => {
    const redactor = new Redactor();
    expect(redactor.apply("late-secret")).toBe("late-secret");
    redactor.add("late-secret");
    expect(redactor.apply("late-secret")).toBe("[redacted]");
  });

  it("though it is no well-formed Unicode text", () => {
    expect(redactorOf("half-\ud800-pair").apply("x half-\ud800-pair")).toBe("x [redacted]");
  });
});

describe("what looks like a token is masked, though nobody named it", () => {
  it.each([
    ["a signed JWT", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"],
    ["an unsigned JWT", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."],
    ["the beginning of a JWT", "eyJhbGciOiJSUzI1NiJ9.eyJzdWI"],
    ["an encrypted JWT", "eyJhbGciOiJSU0EifQ.a2V5.aXY.Y2lwaGVydGV4dA.dGFn"],
    ["an encrypted JWT with an empty key", "eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVydGV4dA.dGFn"],
  ])("%s", (_what, token) => {
    expect(new Redactor().apply(`token "${token}" here`)).toBe('token "[redacted]" here');
  });

  it.each([
    ["Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA", "Authorization: Bearer [redacted]"],
    ["authorization: basic Y2xpZW50OnNlY3JldA==", "authorization: basic [redacted]"],
    ["DPoP  Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU", "DPoP [redacted]"],
  ])("%s", (text, masked) => {
    expect(new Redactor().apply(text)).toBe(masked);
  });
});

describe("what is no secret is left alone", () => {
  it.each([
    ["an ordinary sentence", "could not refresh: the provider cannot be reached"],
    ["a URL", "https://login.example.com/oauth2/v1/token?x=1"],
    ["a kind of token", "the provider issues bearer tokens, and a Bearer token is sent"],
    ["a version and a file name", "oidc-token 1.2.3 read config.jsonc"],
  ])("%s", (_what, text) => {
    expect(redactorOf("some-secret").apply(text)).toBe(text);
  });

  it("values so short that words would be masked", () => {
    expect(redactorOf("", "a", "token").apply("a token is a token")).toBe("a token is a token");
  });

  it("nothing at all, where no secret is known", () => {
    const redactor = new Redactor();
    redactor.add(undefined);
    expect(redactor.apply("undefined")).toBe("undefined");
  });
});

describe("what somebody else said is cleaned", () => {
  it("of secrets of this run, as they are and percent-encoded, and of JWTs", () => {
    const jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln";
    const text = `a s3cret/with+signs b s3cret%2Fwith%2Bsigns c ${jwt} d`;
    const clean = redactorOf("s3cret/with+signs").clean(text);
    expect(clean).toBe("a [redacted] b [redacted] c [redacted] d");
  });

  it.each(["x two\nwords y", "x two \u0000\t words y"])(
    "of a secret that was broken over two lines",
    (text) => {
      expect(redactorOf("two words").clean(text)).toBe("x [redacted] y");
    },
  );

  it("of control, zero-width and bidirectional characters, on one line", () => {
    const text = "a\u001b[31mb\r\nc\td\u0007\u009b2Je\u200b\u202ef\u2028g\ufeff";
    expect(new Redactor().clean(text)).toBe("a [31mb c d 2Je f g");
  });

  it("and cut at 200 characters", () => {
    const redactor = new Redactor();
    expect(redactor.clean("x".repeat(200))).toHaveLength(200);
    expect(redactor.clean("x".repeat(5000))).toBe(`${"x".repeat(199)}…`);
  });
});

describe("a sentence of ours", () => {
  it("shows what others put in it as escapes, without secrets, and is not endless", () => {
    const redactor = redactorOf("some-secret");
    expect(redactor.sentence("  the path /a\u001b]52;c;x\u0007/some-secret\n does not exist")).toBe(
      "  the path /a\\u001b]52;c;x\\u0007/[redacted]\\u000a does not exist",
    );
    expect(redactor.sentence("x".repeat(6000))).toHaveLength(2000);
  });
});
