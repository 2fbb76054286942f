import type { webcrypto } from "node:crypto";
import { type Configuration, type DPoPOptions, getDPoPHandle, randomDPoPKeyPair } from "openid-client";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

/** A new ES256 key for the proofs of one session (RFC 9449 §4.2): the private JWK as text, as it is kept with the tokens. */
export async function newDpopKey(): Promise<string> {
  const { privateKey } = await randomDPoPKeyPair("ES256", { extractable: true });
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey("jwk", privateKey);
  return JSON.stringify({ kty, crv, x, y, d });
}

/**
 * What makes openid-client send a proof with a request, and once more with the nonce that the server asks for (RFC 9449 §8);
 * nothing without a key. Throws what WebCrypto throws for a key that is none.
 */
export async function proofsBy(configuration: Configuration, key: string | undefined): Promise<DPoPOptions> {
  if (key === undefined) return {};
  const { d, ...open } = JSON.parse(key) as webcrypto.JsonWebKey;
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey("jwk", { ...open, d } as webcrypto.JsonWebKey, ALGORITHM, false, ["sign"]),
    crypto.subtle.importKey("jwk", open, ALGORITHM, true, ["verify"]),
  ]);
  return { DPoP: getDPoPHandle(configuration, { privateKey, publicKey }) };
}
