import { isAbsolute, resolve } from "node:path";
import * as v from "valibot";
import type { GlobalOptions } from "../../arguments.js";
import type { ProfileEntry } from "../../config/add-profiles.js";
import { completeProfile } from "../../config/complete.js";
import { layerFromFile } from "../../config/layers.js";
import { findingOf } from "../../config/schema/issue.js";
import { PROFILE_KEYS, type ProfileKey, profileEntries } from "../../config/schema/profile.js";
import { parseReference } from "../../config/schema/reference.js";
import type { Context } from "../../context.js";
import { type ErrorKind, isOidcTokenError, OidcTokenError } from "../../errors.js";
import type { Json } from "../../files/jsonc-edit.js";
import { PROFILE_NAME } from "../../profile.js";
import { presetFor, presetNamed } from "../../providers/index.js";
import { quote } from "../../text.js";
import { checkNeeds } from "./needs.js";

/** The options that say something of the profile, as commander calls them. */
const OPTION_OF = {
  preset: "preset",
  issuer: "issuer",
  flow: "flow",
  client_id: "clientId",
  client_secret: "clientSecret",
  redirect_uri: "redirectUri",
  scope: "scope",
  audience: "audience",
  resource: "resource",
  key: "key",
  header: "header",
  base_url: "baseUrl",
  ca_file: "caFile",
} as const satisfies Partial<Record<ProfileKey, string>>;
type OptionKey = keyof typeof OPTION_OF;

export type ProfileOptions = GlobalOptions & {
  readonly [Key in OptionKey as (typeof OPTION_OF)[Key]]?: string;
};

/** The profile keys the command line gives. */
export function givenKeys(options: ProfileOptions): readonly OptionKey[] {
  return (Object.keys(OPTION_OF) as OptionKey[]).filter((key) => options[OPTION_OF[key]] !== undefined);
}

/** `--client-id` of `client_id`. */
export function optionName(key: string): string {
  return `--${key.replaceAll("_", "-")}`;
}

/** The values the command line gives. Throws an OidcTokenError of kind `usage` for a secret that stands there plainly. */
export function valuesFromOptions(context: Context, options: ProfileOptions): Record<string, Json> {
  const values: Record<string, Json> = {};
  for (const key of givenKeys(options)) {
    const text = (options[OPTION_OF[key]] as string).trim();
    if (key === "client_secret" || key === "key") values[key] = secretReference(context, key, text);
    else if (key === "flow") values[key] = flows(text);
    else if (key === "ca_file") values[key] = fromHere(text, context.cwd);
    else values[key] = text;
  }
  return values;
}

/** The profile the command line describes. Throws an OidcTokenError, `usage` or `configuration`, naming the option. */
export function profileFromOptions(context: Context, options: ProfileOptions): ProfileEntry {
  const values = valuesFromOptions(context, options);
  const recognised = presetFor(options.issuer);
  const named = options.preset ?? (recognised.name === "generic" ? "default" : recognised.name);
  const entry = { name: profileName(options.profile ?? named), values };
  checkEntry(context, entry, { kind: "usage", call: optionName });
  checkNeeds(context, entry, optionName);
  return entry;
}

/** Checks a name given for a profile. */
export function profileName(name: string): string {
  if (PROFILE_NAME.test(name)) return name;
  throw new OidcTokenError(
    "usage",
    `${quote(name)} cannot be the name of a profile`,
    "start with a letter or digit and go on with letters, digits, dots, underscores or hyphens, at most 64 in all",
  );
}

/** `call` says what the person knows a key by, `kind` whose fault it is. */
interface Blame {
  readonly kind: ErrorKind;
  readonly call: (key: string) => string;
}

/** Checks each value of a profile for itself, and answers with what it stands for. */
export function checkValues(values: ProfileEntry["values"], { kind, call }: Blame) {
  const result = v.safeParse(v.strictObject(profileEntries), values);
  if (result.success) return result.output;
  const { sentence, hint } = findingOf(
    result.issues[0],
    (path) => call(String(path[0])),
    () => PROFILE_KEYS,
  );
  throw new OidcTokenError(kind, sentence, hint);
}

/** Checks a profile before any file is touched. */
export function checkEntry(context: Context, { name, values }: ProfileEntry, blame: Blame): void {
  const checked = checkValues(values, blame);
  const { kind, call } = blame;
  const folders = { home: context.paths.home, config: context.paths.config };
  const frame = { name, store: "auto", is_default: false, at: undefined } as const;
  try {
    completeProfile(frame, [layerFromFile(checked, folders)]);
  } catch (error) {
    if (!isOidcTokenError(error)) throw error;
    // Its hint is about editing the file, which is not written yet.
    const missing = /(?:needs |sign in \()"(\w+)"/.exec(error.message)?.[1];
    const example = missing === "issuer" ? presetNamed(String(values.preset))?.example.issuer : undefined;
    const hint =
      missing === undefined ? error.hint : `give it: ${[call(missing), example].filter(Boolean).join(" ")}`;
    throw new OidcTokenError(kind, error.message, `nothing was written; ${hint}`);
  }
}

/** A reference to a secret as the file will hold it. What is relative is meant from here, not from the file's folder. */
function secretReference(context: Context, key: string, text: string): string {
  const parsed = parseReference("secret", text);
  if ("sentence" in parsed) {
    throw new OidcTokenError("usage", `${optionName(key)} ${parsed.sentence}`, parsed.hint);
  }
  if (parsed.from === "plain") {
    context.redactor.add(parsed.value);
    throw new OidcTokenError(
      "usage",
      `${optionName(key)} takes a reference to the secret, not the secret itself`,
      "write '{keyring}' to be asked for it at login, '{file:~/path}' or '{env:NAME}'; what you typed may now stand in the shell's history",
    );
  }
  return parsed.from === "file" ? fileReference(parsed.path, context.cwd) : text;
}

/** `{file:…}` with a path that no longer depends on the folder it was meant from. */
export function fileReference(path: string, folder: string): string {
  return `{file:${fromHere(path, folder)}}`;
}

function fromHere(path: string, folder: string): string {
  return isAbsolute(path) || /^~(?=$|[/\\])/.test(path) ? path : resolve(folder, path);
}

function flows(text: string): Json {
  const list = text.split(/[\s,]+/).filter((word) => word !== "");
  return list.length === 1 ? (list[0] as string) : list;
}
