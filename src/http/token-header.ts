import type { Profile } from "../profile.js";

/** The header that carries a token of this profile to its API. */
export function tokenHeader(
  { header, header_scheme }: Pick<Profile, "header" | "header_scheme">,
  token: string,
): Record<string, string> {
  return { [header]: `${header_scheme} ${token}`.trim() };
}
