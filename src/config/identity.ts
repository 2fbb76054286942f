import { type AnyReference, DESTINATION_KEYS, type Profile } from "../profile.js";
import { sha256 } from "../sha256.js";

/** What decides whom a token is for and where it may have come from (DESIGN §4). */
export type Identity = Pick<
  Profile,
  | "name"
  | "flow"
  | "issuer"
  | "client_id"
  | "scope"
  | "audience"
  | "resource"
  | "endpoints"
  | "key"
  | "base_url"
  | "subject_token"
  | "subject_token_type"
  | "requested_token_type"
  | "assertion"
> &
  Partial<Pick<Profile, (typeof DESTINATION_KEYS)[number] | "diverted_by" | "project">>;

const HEX_DIGITS = 32;

/**
 * The store's account of a profile: its name and a hash of what its token is for, so that a profile pointed
 * elsewhere never gets the old token. Orders that carry no meaning (flows, scopes, resources) do not count.
 */
export function accountOf(profile: Identity): string {
  const isStaticKey = profile.flow.includes("static_key");
  const facts = [
    ["name", profile.name],
    ["flow", sorted(profile.flow)],
    ...(isStaticKey
      ? [
          ["key", profile.key ? originOf(profile.key) : null],
          ["origin", profile.base_url ? new URL(profile.base_url).origin : null],
        ]
      : [
          ["issuer", profile.issuer ?? null],
          ["token_endpoint", profile.endpoints.token_endpoint ?? null],
          ["client_id", profile.client_id ?? null],
          ["scope", sorted(profile.scope?.split(" ") ?? [])],
          ["audience", profile.audience ?? null],
          ["resource", sorted(profile.resource)],
          ...(profile.flow.includes("token_exchange") && profile.subject_token
            ? [
                ["subject_token", originOf(profile.subject_token), profile.subject_token_type ?? null],
                ["requested_token_type", profile.requested_token_type ?? null],
              ]
            : []),
          ...(profile.flow.includes("jwt_bearer") && profile.assertion
            ? [["assertion", originOf(profile.assertion)]]
            : []),
        ]),
    ...placeOf(profile),
  ];
  return `${profile.name}-${digestOf(facts)}`;
}

/**
 * The store's account of what a client proves itself with: by provider and client, so that every profile of the client
 * has it, and where the environment or a project leads it elsewhere another one, as for tokens.
 */
export function clientAccountOf(profile: Identity): string {
  const facts = [
    ["issuer", profile.issuer ?? null],
    ["token_endpoint", profile.endpoints.token_endpoint ?? null],
    ["client_id", profile.client_id ?? null],
    ...placeOf(profile),
  ];
  return `client-${digestOf(facts)}`;
}

/** What sets a profile apart that the environment leads elsewhere, or that is a project's. */
function placeOf(profile: Identity): unknown[][] {
  return [
    // Where the token may go counts as far as it is not from the user's own file.
    ...(profile.diverted_by
      ? [["destinations", ...DESTINATION_KEYS.map((key) => profile[key] ?? null)]]
      : []),
    // A project never has what the user signed in to for a profile of the same name.
    ...(profile.project === undefined ? [] : [["project", profile.project]]),
  ];
}

function digestOf(facts: readonly unknown[]): string {
  return sha256(JSON.stringify(facts)).slice(0, HEX_DIGITS);
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

/** A plain key is left out: the hash is written to places where a secret has no business. */
function originOf(reference: AnyReference): readonly string[] {
  if (reference.from === "command") return ["command", ...reference.argv];
  if (reference.from === "github_actions") return ["github_actions", reference.audience ?? ""];
  if (reference.from === "env") return ["env", reference.name];
  if (reference.from === "file") return ["file", reference.path];
  return [reference.from];
}
