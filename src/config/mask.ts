import type { Profile, SecretReference } from "./profile.js";

const MASK = "********";
const SECRET_NAME = /secret|password|token|assertion/i;

/** A profile as `config show` may print it: where each secret comes from, and never a secret itself. */
export function maskProfile(profile: Profile): Record<string, unknown> {
  const { client_secret, key, authorization_params, token_params, ...rest } = profile;
  return {
    ...rest,
    ...(client_secret && { client_secret: maskReference(client_secret) }),
    ...(key && { key: maskReference(key) }),
    authorization_params: maskParameters(authorization_params),
    token_params: maskParameters(token_params),
  };
}

function maskReference(reference: SecretReference): string {
  if (reference.from === "env") return `{env:${reference.name}}`;
  if (reference.from === "file") return `{file:${reference.path}}`;
  return reference.from === "keyring" ? "{keyring}" : MASK;
}

function maskParameters(parameters: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, SECRET_NAME.test(name) ? MASK : value]),
  );
}
