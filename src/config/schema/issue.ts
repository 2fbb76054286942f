import type { BaseIssue } from "valibot";
import type { KeyPath } from "../../files/jsonc.js";
import { nearest } from "../../nearest.js";
import type { Complaint } from "../../text.js";
import { quote, quoteAll } from "../../text.js";
import { fileEntries } from "./file.js";
import { endpointEntries, PROFILE_KEYS } from "./profile.js";

/** What one issue says, where it is, and whether it is the key there that is wrong or its value. */
export interface Finding extends Complaint {
  readonly path: KeyPath;
  readonly concerns: "key" | "value";
}

const DEFAULT_HINT = "`oidc-token config schema` describes every key";
const FILE_KEYS = Object.keys(fileEntries);
const ENDPOINT_KEYS = Object.keys(endpointEntries);

/**
 * A Valibot issue as a sentence for a person. `name` says what a path is called; values are never repeated, for any of
 * them may be a secret in the wrong place.
 */
export function findingOf(
  issue: BaseIssue<unknown>,
  name: (path: KeyPath) => string,
  known: (path: KeyPath) => readonly string[],
): Finding {
  const items = issue.path ?? [];
  const path = items.map((item) => item.key as string | number);
  if (issue.type === "strict_object" && issue.expected === "never") {
    return { path, concerns: "key", ...unknownKey(path, name, known) };
  }
  const inner = innerIssue(issue);
  if (inner) {
    const whole = [...path, ...(inner.path ?? []).map((item) => item.key as string | number)];
    return { path: whole, concerns: "value", ...said(inner, name(whole)) };
  }
  const isKey = items.at(-1)?.origin === "key";
  const subject = isKey ? `the name ${quote(String(path.at(-1)))} in ${name(path.slice(0, -1))}` : name(path);
  return { path, concerns: isKey ? "key" : "value", ...said(issue, subject) };
}

/** Where one string or a list of them may stand: the issue of the form that was written. */
function innerIssue(issue: BaseIssue<unknown>): BaseIssue<unknown> | undefined {
  if (issue.type !== "union") return undefined;
  if (Array.isArray(issue.input)) return issue.issues?.find((sub) => sub.path !== undefined);
  return typeof issue.input === "string" ? issue.issues?.find((sub) => sub.path === undefined) : undefined;
}

function said(issue: BaseIssue<unknown>, subject: string): Complaint {
  const [sentence = "", hint] = issue.message.split("\n");
  return { sentence: `${subject} ${sentence}`, hint: hint ?? choiceHint(issue) ?? DEFAULT_HINT };
}

/** What people also call a provider or a flow. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ...{ azure: "entra", azuread: "entra", "azure-ad": "entra", aad: "entra", microsoft: "entra" },
  ...{ aws: "cognito", amazon: "cognito", oracle: "oci", idcs: "oci", rhsso: "keycloak", gcp: "google" },
  ...{ browser: "authorization_code", pkce: "authorization_code", code: "authorization_code" },
  ...{ api_key: "static_key", apikey: "static_key", key: "static_key", service: "client_credentials" },
};

/** For a misspelt word of a fixed set; `expected` lists the set in quotes. */
function choiceHint(issue: BaseIssue<unknown>): string | undefined {
  if (issue.type !== "picklist") return undefined;
  if (typeof issue.input !== "string") return "write one of these, in double quotes";
  const words = issue.expected?.match(/[\w-]+/g) ?? [];
  const other = OTHER_NAMES[issue.input.toLowerCase()];
  const meant = words.find((word) => word === other) ?? nearest(issue.input, words);
  return meant ? `did you mean ${quote(meant)}?` : "write one of these, or leave it out";
}

function unknownKey(
  path: KeyPath,
  name: (path: KeyPath) => string,
  known: (path: KeyPath) => readonly string[],
): Complaint {
  const key = String(path.at(-1));
  const container = path.slice(0, -1);
  const names = known(container);
  const meant = nearest(key, names);
  let hint = DEFAULT_HINT;
  if (meant) hint = `did you mean ${quote(meant)}?`;
  else if (names.includes("profiles") && PROFILE_KEYS.some((k) => k === key))
    hint = `put it into a profile, under "profiles"`;
  else if (container.length === 2 && FILE_KEYS.includes(key))
    hint = "put it at the top of the file, outside the profiles";
  else if (container.length === 2 && ENDPOINT_KEYS.includes(key))
    hint = `put it into "endpoints" of the profile`;
  else if (names.length <= 8) hint = `the keys here are ${quoteAll(names)}`;
  return { sentence: `unknown key ${quote(key)} in ${name(container)}`, hint };
}
