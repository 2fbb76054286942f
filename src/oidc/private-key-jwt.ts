import { createPrivateKey, type JsonWebKey, type KeyObject, webcrypto } from "node:crypto";
import {
  type ClientAuth,
  type CryptoKey,
  modifyAssertion,
  PrivateKeyJwt,
  type ServerMetadata,
} from "openid-client";
import { OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import type { Profile } from "../profile.js";

type ImportAlgorithm = Parameters<typeof webcrypto.subtle.importKey>[2];

/**
 * RFC 7523 §2.2: proves the client by an assertion signed with its private key. `text` is the key in PEM or a JWK. The
 * algorithm follows from the key, then from what the provider supports. Throws `configuration` for a key that can't sign.
 */
export async function privateKeyJwt(
  text: string,
  profile: Profile,
  server: ServerMetadata,
): Promise<ClientAuth> {
  const supported = server.token_endpoint_auth_signing_alg_values_supported;
  const { key, kid, alg } = parse(text, profile);
  const chosen = algorithmOf(key, alg, supported);
  if (chosen === undefined) {
    throw unusable(profile, `is a key that cannot sign here: ${key.asymmetricKeyType ?? "unknown"}`);
  }
  const pkcs8 = key.export({ format: "der", type: "pkcs8" });
  const signing = await webcrypto.subtle.importKey("pkcs8", pkcs8, importAs(chosen), false, ["sign"]);
  return PrivateKeyJwt(given({ key: signing as CryptoKey, kid: profile.private_key_id ?? kid }), {
    [modifyAssertion]: (header, payload) => {
      // RFC 9864 has a name of its own for what all providers know as EdDSA (RFC 8037 §3.1).
      if (header.alg === "Ed25519" && !supported?.includes("Ed25519")) header.alg = "EdDSA";
      if (profile.client_assertion_audience === "token_endpoint" && server.token_endpoint !== undefined)
        payload.aud = server.token_endpoint;
    },
  });
}

interface ParsedKey {
  readonly key: KeyObject;
  readonly kid?: string;
  readonly alg?: string;
}

function parse(text: string, profile: Profile): ParsedKey {
  let jwk: Record<string, unknown> | undefined;
  try {
    if (text.trimStart().startsWith("{")) jwk = JSON.parse(text);
    const key = jwk ? createPrivateKey({ key: jwk as JsonWebKey, format: "jwk" }) : createPrivateKey(text);
    return {
      key,
      ...(typeof jwk?.kid === "string" && { kid: jwk.kid }),
      ...(typeof jwk?.alg === "string" && { alg: jwk.alg }),
    };
  } catch {
    if (/ENCRYPTED/.test(text)) throw unusable(profile, "is encrypted with a passphrase");
    throw unusable(profile, "holds no private key that can be read");
  }
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};

/** By RFC 7518 §3.1. */
function algorithmOf(
  key: KeyObject,
  said: string | undefined,
  supported: readonly string[] | undefined,
): string | undefined {
  switch (key.asymmetricKeyType) {
    case "rsa": {
      const known = ["RS256", "PS256", "RS384", "PS384", "RS512", "PS512"];
      if (said !== undefined) return known.find((name) => name === said);
      return known.find((name) => supported?.includes(name)) ?? "RS256";
    }
    case "rsa-pss":
      return "PS256";
    case "ec":
      return CURVES[key.asymmetricKeyDetails?.namedCurve ?? ""];
    case "ed25519":
      return "Ed25519";
    default:
      return undefined;
  }
}

function importAs(alg: string): ImportAlgorithm {
  if (alg === "Ed25519") return { name: "Ed25519" };
  const bits = alg.slice(2);
  if (alg.startsWith("ES")) return { name: "ECDSA", namedCurve: bits === "512" ? "P-521" : `P-${bits}` };
  return { name: alg.startsWith("PS") ? "RSA-PSS" : "RSASSA-PKCS1-v1_5", hash: `SHA-${bits}` };
}

function unusable(profile: Profile, why: string): OidcTokenError {
  return new OidcTokenError(
    "configuration",
    `private_key of profile ${profile.name} ${why}`,
    "use an RSA, P-256 or Ed25519 key without passphrase, as PEM (PKCS#8) or JWK, such as `openssl genpkey` makes",
  );
}
