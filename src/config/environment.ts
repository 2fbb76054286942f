import * as v from "valibot";
import { OidcTokenError } from "../errors.js";
import { type KeyPath, parseJsonc } from "../files/jsonc.js";
import { nearest } from "../nearest.js";
import type { Environment } from "../paths.js";
import { REFERENCES, type StoreChoice, variableOf } from "../profile.js";
import { quote } from "../text.js";
import { type Report, tolerate } from "./finding.js";
import { fileEntries } from "./schema/file.js";
import { findingOf } from "./schema/issue.js";
import {
  endpointEntries,
  PROFILE_KEYS,
  type ProfileKey,
  type ProfileValues,
  profileEntries,
} from "./schema/profile.js";

const PREFIX = "OIDC_TOKEN_";

/** The program's own variables, not all of them configuration, and one for each key of a profile (DESIGN §3). */
const VARIABLES = ["config", "profile", "store", "log", "interactive", ...PROFILE_KEYS].map(
  (name) => PREFIX + name.toUpperCase(),
);

/** How the text of a variable becomes what the file would hold. What is not named here is a string, or a reference as it is. */
const READERS: Partial<Record<ProfileKey, (text: string, variable: string) => unknown>> = {
  flow: list,
  resource: list,
  allowed_origins: list,
  api: list,
  refresh_before: number,
  timeout: number,
  dpop: truth,
  mcp: truth,
  authorization_params: json,
  token_params: json,
  endpoints: json,
  models: json,
};

/** The value of one of the program's own variables; one that is empty counts as unset. */
export function ownVariable(env: Environment, name: "CONFIG" | "PROFILE"): string | undefined {
  return env[PREFIX + name]?.trim() || undefined;
}

/** OIDC_TOKEN_STORE; an OidcTokenError where it is no store. */
export function storeFromEnvironment(env: Environment): StoreChoice | undefined {
  const text = env.OIDC_TOKEN_STORE?.trim();
  return text ? check("OIDC_TOKEN_STORE", fileEntries.store, text) : undefined;
}

/** What the environment says of the selected profile; an OidcTokenError that names the variable where it says nonsense, unless that is to be reported. */
export function profileFromEnvironment(env: Environment, report?: Report): ProfileValues {
  const values: Record<string, unknown> = {};
  for (const key of PROFILE_KEYS) {
    // OIDC_TOKEN_AGENT is the mark of an agent's shell, which is not for the agent to lift.
    if (key === "agent") continue;
    const variable = variableOf(key);
    const text = env[variable];
    if (text === undefined || text.trim() === "") continue;
    const value = tolerate(report, () =>
      check(
        variable,
        profileEntries[key],
        key in REFERENCES ? text : (READERS[key]?.(text, variable) ?? text.trim()),
      ),
    );
    if (value !== undefined) values[key] = value;
  }
  return values;
}

/** Variables that look like this program's but are not: most likely misspelt, perhaps somebody else's. */
export function unknownVariables(env: Environment): readonly string[] {
  return Object.keys(env)
    .filter((name) => name.toUpperCase().startsWith(PREFIX) && env[name] && !VARIABLES.includes(name))
    .sort();
}

/** The variable that was probably meant by an unknown one. */
export function nearestVariable(name: string): string | undefined {
  const suffixes = VARIABLES.map((variable) => variable.slice(PREFIX.length));
  const meant = nearest(name.slice(PREFIX.length), suffixes);
  return meant && PREFIX + meant;
}

function check<T extends v.GenericSchema>(variable: string, schema: T, value: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const name = (path: KeyPath) => {
    const [first] = path;
    if (first === undefined) return variable;
    return typeof first === "number"
      ? `entry ${first + 1} of ${variable}`
      : `${quote(path.join("."))} in ${variable}`;
  };
  const { sentence, hint } = findingOf(result.issues[0], name, () => Object.keys(endpointEntries));
  throw new OidcTokenError("configuration", sentence, hint);
}

function list(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

function number(text: string): unknown {
  return /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : text;
}

function truth(text: string): unknown {
  return { true: true, false: false }[text.trim()] ?? text;
}

function json(text: string, variable: string): unknown {
  return parseJsonc(variable, text).value;
}
