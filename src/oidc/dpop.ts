import type { webcrypto } from "node:crypto";
import { type DPoPOptions, getDPoPHandle, randomDPoPKeyPair } from "openid-client";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { commandOn } from "../profile.js";
import type { Client } from "./client.js";
import { refusalIn } from "./refusal.js";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

/** A new ES256 key for the proofs of one session (RFC 9449 §4.2): the private JWK as text, as it is kept with the tokens. */
export async function newDpopKey(): Promise<string> {
  const { privateKey } = await randomDPoPKeyPair("ES256", { extractable: true });
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey("jwk", privateKey);
  return JSON.stringify({ kty, crv, x, y, d });
}

/**
 * What makes openid-client send a proof with a request, and once more with the nonce that the server asks for (RFC 9449 §8);
 * nothing without a key. Throws `store` for a key that is none.
 */
export async function proofsBy(
  { configuration, profile }: Pick<Client, "configuration" | "profile">,
  key: string | undefined,
): Promise<DPoPOptions> {
  if (key === undefined) return {};
  try {
    const { d, ...open } = JSON.parse(key) as webcrypto.JsonWebKey;
    const [privateKey, publicKey] = await Promise.all([
      crypto.subtle.importKey("jwk", { ...open, d } as webcrypto.JsonWebKey, ALGORITHM, false, ["sign"]),
      crypto.subtle.importKey("jwk", open, ALGORITHM, true, ["verify"]),
    ]);
    return { DPoP: getDPoPHandle(configuration, { privateKey, publicKey }) };
  } catch (cause) {
    throw new OidcTokenError(
      "store",
      `the key that the session of profile ${profile.name} is bound to is damaged in the store`,
      `run: ${commandOn(profile)}`,
      { cause },
    );
  }
}

/**
 * A sign-in's failure, with a word on proofs where it is a refusal without a reason by a provider that can check them: some say no more
 * to a client of which they demand one.
 */
export function suspectProof(failure: unknown, { configuration, profile }: Client): unknown {
  if (!isOidcTokenError(failure) || profile.dpop) return failure;
  const { error, error_description = "" } = refusalIn(failure.cause) ?? {};
  // The sentence is oidc-provider's, for whatever is wrong.
  const is_bare = error === "invalid_grant" && ["", "grant request is invalid"].includes(error_description);
  if (!is_bare || !configuration.serverMetadata().dpop_signing_alg_values_supported) return failure;
  const hint = `${failure.hint}; if the provider demands a proof (DPoP) of this client, set "dpop": true`;
  return new OidcTokenError(failure.kind, failure.message, hint, { cause: failure.cause });
}
