import { given } from "../given.js";
import { type AnyReference, type Profile, REFERENCE_KEYS } from "../profile.js";

const MASK = "********";
/** Parameters of these names may be secret. */
export const SECRET_NAME = /secret|password|token|assertion/i;

/** A profile as `config show` may print it: where each secret comes from, and never a secret itself. */
export function maskProfile(profile: Profile): Record<string, unknown> {
  const { authorization_params, token_params, ...rest } = profile;
  const references = REFERENCE_KEYS.flatMap((key) => {
    const reference = rest[key];
    return reference ? [[key, maskReference(reference)]] : [];
  });
  return {
    ...rest,
    ...Object.fromEntries(references),
    ...given({ proxy: rest.proxy && maskProxy(rest.proxy) }),
    authorization_params: maskParameters(authorization_params),
    token_params: maskParameters(token_params),
  };
}

function maskReference(reference: AnyReference): string {
  if (reference.from === "command")
    return `{command:${reference.argv[0]}${reference.argv.length > 1 ? " …" : ""}}`;
  if (reference.from === "github_actions") {
    return reference.audience === undefined ? "{github_actions}" : `{github_actions:${reference.audience}}`;
  }
  if (reference.from === "env") return `{env:${reference.name}}`;
  if (reference.from === "file") return `{file:${reference.path}}`;
  return reference.from === "keyring" ? "{keyring}" : MASK;
}

function maskProxy(address: string): string {
  const url = new URL(address);
  if (url.username === "" && url.password === "") return address;
  return `${url.protocol}//${MASK}@${url.host}`;
}

function maskParameters(parameters: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, SECRET_NAME.test(name) ? MASK : value]),
  );
}
