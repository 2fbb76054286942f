import type { SecretReference } from "./profile.js";

/** What is wrong with a value: how it goes on after its name ("must be …"), and what to do. */
export interface Complaint {
  readonly sentence: string;
  readonly hint: string;
}

const FORMS = "write {env:NAME}, {file:~/path} or {keyring}";
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const REFERENCE_INSIDE = /\{(?:env:|file:|keyring\})/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/**
 * Where a secret is to be found: `{env:NAME}`, `{file:PATH}`, `{keyring}`, or the secret itself. Answers a complaint
 * that never holds the value.
 */
export function parseSecretReference(text: string): SecretReference | Complaint {
  if (text.trim() === "") {
    return { sentence: "must not be empty", hint: `${FORMS}, or leave the key out` };
  }
  if (text.trimStart().startsWith("{")) return parseBraces(text.trim());
  if (REFERENCE_INSIDE.test(text)) {
    return { sentence: "mixes a reference with other text", hint: `${FORMS} and nothing around it` };
  }
  if (CONTROL_CHARACTER.test(text)) {
    return {
      sentence: "must not contain control characters or line breaks",
      hint: "look for a stray line break at its end",
    };
  }
  return { from: "plain", value: text };
}

function parseBraces(text: string): SecretReference | Complaint {
  if (!text.endsWith("}")) {
    return {
      sentence: "starts with { but does not end with }",
      hint: `${FORMS}; a secret that really starts with { must come from a file or a variable`,
    };
  }
  const body = text.slice(1, -1);
  if (body === "keyring") return { from: "keyring" };
  const colon = body.indexOf(":");
  const argument = body.slice(colon + 1).trim();
  if (colon > 0 && body.slice(0, colon) === "env") {
    return VARIABLE_NAME.test(argument)
      ? { from: "env", name: argument }
      : {
          sentence: "must name an environment variable after {env:",
          hint: "write the bare name without $, as in {env:LLM_API_KEY}",
        };
  }
  if (colon > 0 && body.slice(0, colon) === "file") {
    return argument !== "" && !CONTROL_CHARACTER.test(argument)
      ? { from: "file", path: argument }
      : {
          sentence: "must name a file after {file:",
          hint: "write a path, as in {file:~/.secrets/client-secret}",
        };
  }
  return {
    sentence: "is no reference to a secret that is known here",
    hint: `${FORMS}; a secret that really starts with { must come from a file or a variable`,
  };
}
