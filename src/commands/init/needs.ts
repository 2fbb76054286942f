import type { ProfileEntry } from "../../config/add-profiles.js";
import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import type { Need, Preset } from "../../providers/index.js";
import { presetFor, presetNamed } from "../../providers/index.js";
import { tell } from "../../terminal/tell.js";

/** Scopes that are about the person, and name no API. */
const OF_THE_PERSON = ["openid", "profile", "email", "offline_access"];

/** The preset of a profile that is not written yet. */
function presetOfEntry(values: ProfileEntry["values"]): Preset {
  const { preset, issuer } = values;
  return presetNamed(typeof preset === "string" ? preset : undefined) ?? presetFor(text(issuer));
}

/** What this provider wants of a profile, and the profile lacks. */
export function unmetNeeds(values: ProfileEntry["values"]): readonly Need[] {
  // No person's sign-in, so none of what a sign-in wants.
  if (text(values.flow) === "static_key" || values.subject_token || values.assertion) return [];
  return (presetOfEntry(values).needs ?? []).filter(({ key }) => {
    if (key !== "scope") return values[key] === undefined;
    const scopes = (text(values.scope) ?? "").split(" ").filter((scope) => scope !== "");
    return scopes.every((scope) => OF_THE_PERSON.includes(scope));
  });
}

/** Throws an OidcTokenError of kind `usage` where a profile gets no token, and tells what makes one of little use. */
export function checkNeeds(context: Context, { values }: ProfileEntry, call: (key: string) => string): void {
  for (const { key, is_vital, why } of unmetNeeds(values)) {
    if (is_vital) throw new OidcTokenError("usage", why, `nothing was written; give it: ${call(key)}`);
    tell(context, `warning: ${why}; give it with ${call(key)}`);
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
