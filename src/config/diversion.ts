import { isDeepStrictEqual } from "node:util";
import { OidcTokenError } from "../errors.js";
import { DESTINATION_KEYS, isUnattended, type Profile, variableOf } from "../profile.js";
import { quote } from "../text.js";
import type { ProfileKey, ProfileValues } from "./schema/profile.js";

/**
 * Those by which the environment could lead a token, or the secret it is got with, to somebody else. A proxy alone can't:
 * it sees no more of https than that of HTTPS_PROXY does.
 */
const LEADING_KEYS = ["base_url", "allowed_origins", "endpoints", "ca_file"] as const;

/**
 * The variables that say of a profile of the file where its token may go, and say otherwise than the file does. A
 * repository can set them where a runtime loads its `.env`, so what is stored for the profile is not for them.
 */
export function divertingVariables(environment: ProfileValues, file: ProfileValues): string[] {
  return differing(DESTINATION_KEYS, environment, file).map(variableOf);
}

/** Whether two profiles of one account would send its token to different places. */
export function haveOtherDestinations(one: Profile, other: Profile): boolean {
  return DESTINATION_KEYS.some((key) => !isDeepStrictEqual(one[key], other[key]));
}

/**
 * Refuses what would send a token elsewhere without anybody being asked: a flow without a person, or a key that lies at
 * hand. Throws an OidcTokenError of kind `configuration` that names the variables.
 */
export function checkDiversion(profile: Profile, environment: ProfileValues, file: ProfileValues): void {
  const { flow, key } = profile;
  const asks_nobody = flow.some(isUnattended);
  if (!asks_nobody && !(flow.includes("static_key") && key?.from !== "keyring")) return;
  const keys: ProfileKey[] = differing(LEADING_KEYS, environment, file);
  if (file.issuer !== undefined) keys.push(...differing(["issuer"], environment, file));
  keys.push(
    ...(["subject_token", "assertion"] as const).filter((each) => environment[each]?.from === "command"),
  );
  if (keys.length === 0) return;
  const variables = keys.map(variableOf).join(" and ");
  const file_keys = keys.map((each) => `"${each}"`).join(" and ");
  throw new OidcTokenError(
    "configuration",
    `${variables} would lead profile ${quote(profile.name)} elsewhere than your configuration file does, with nobody asked`,
    `unset ${keys.length === 1 ? "it" : "them"}, or write ${file_keys} into the profile`,
  );
}

function differing<Key extends ProfileKey>(
  keys: readonly Key[],
  one: ProfileValues,
  other: ProfileValues,
): Key[] {
  return keys.filter((key) => one[key] !== undefined && !isDeepStrictEqual(one[key], other[key]));
}
