import type { Profile } from "../../profile.js";

/** What a profile adds to every token request: `token_params`, then each `resource` (RFC 8707 §2.2). */
export function tokenParameters(profile: Profile): URLSearchParams {
  const parameters = new URLSearchParams({ ...profile.token_params });
  for (const resource of profile.resource) parameters.append("resource", resource);
  return parameters;
}

/**
 * What a profile asks for when a sign-in starts: scope, audience, resource and `authorization_params`, which go
 * before what the preset asks for.
 */
export function signInParameters(
  profile: Profile,
  of_preset: Readonly<Record<string, string>> = {},
): URLSearchParams {
  const parameters = new URLSearchParams({ ...of_preset, ...profile.authorization_params });
  if (profile.scope !== undefined) parameters.set("scope", profile.scope);
  if (profile.audience !== undefined) parameters.set("audience", profile.audience);
  for (const resource of profile.resource) parameters.append("resource", resource);
  return parameters;
}
