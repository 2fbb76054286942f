import type { AnyReference, ReferenceOf, TokenReference } from "../../profile.js";
import { CONTROL_CHARACTER, type Complaint } from "../../text.js";

/** What a kind of reference takes beside `{env:NAME}` and `{file:PATH}`, and how its hints say so. */
interface Forms {
  readonly hint: string;
  /** Reads what stands in the braces; undefined where it is none of the forms of this kind. */
  braces(body: string): AnyReference | Complaint | undefined;
  /** Takes a text plainly, whatever it looks like. */
  plain?(text: string): boolean;
}

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/;
/** Characters. */
const LONGEST_PATH = 4096;
const REFERENCE_INSIDE = /\{(?:env:|file:|command:|keyring\}|github_actions[:}])/;
/** A word of a command line; quotes hold one together and have no other meaning. */
const WORD = /(?:[^\s"']|"[^"]*"|'[^']*')+/g;

const FORMS: Record<keyof ReferenceOf, Forms> = {
  secret: {
    hint: "write {env:NAME}, {file:~/path} or {keyring}",
    braces: (body) => (body === "keyring" ? { from: "keyring" } : undefined),
  },
  token: {
    hint: "write {file:/path}, {env:NAME}, {command:program argument} or {github_actions:AUDIENCE}",
    braces(body) {
      const [, name, argument = ""] = /^(command|github_actions)(?::(.*))?$/s.exec(body) ?? [];
      if (name === "command") return command(argument);
      if (name !== "github_actions") return undefined;
      const audience = argument.trim();
      return { from: "github_actions", ...(audience !== "" && { audience }) };
    },
  },
  key: {
    hint: "write {file:~/path} or {env:NAME}",
    braces: () => undefined,
    plain: (text) => /^\s*-----BEGIN |^\s*\{\s*"/.test(text),
  },
};

/**
 * Where something is to be found: `{env:NAME}`, `{file:PATH}`, a form of this kind alone, or the text itself; a key or
 * certificate that is written plainly must be PEM or a JWK. Answers a complaint that never holds the value.
 */
export function parseReference<Kind extends keyof ReferenceOf>(
  kind: Kind,
  text: string,
): ReferenceOf[Kind] | Complaint {
  const forms = FORMS[kind];
  const parsed = forms.plain?.(text) ? ({ from: "plain", value: text } as const) : parse(text, forms);
  if (forms.plain?.(text) === false && "from" in parsed && parsed.from === "plain") {
    return { sentence: "must say where the key or certificate is", hint: forms.hint };
  }
  return parsed as ReferenceOf[Kind] | Complaint;
}

function parse(text: string, forms: Forms): AnyReference | Complaint {
  if (text.trim() === "") {
    return { sentence: "must not be empty", hint: `${forms.hint}, or leave the key out` };
  }
  if (text.trimStart().startsWith("{")) return parseBraces(text.trim(), forms);
  if (REFERENCE_INSIDE.test(text)) {
    return { sentence: "mixes a reference with other text", hint: `${forms.hint} and nothing around it` };
  }
  if (CONTROL_CHARACTER.test(text)) {
    return {
      sentence: "must not contain control characters or line breaks",
      hint: "look for a stray line break at its end",
    };
  }
  return { from: "plain", value: text };
}

function parseBraces(text: string, forms: Forms): AnyReference | Complaint {
  if (!text.endsWith("}")) {
    return {
      sentence: "starts with { but does not end with }",
      hint: `${forms.hint}; a secret that really starts with { must come from a file or a variable`,
    };
  }
  const body = text.slice(1, -1);
  const own = forms.braces(body);
  if (own) return own;
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
    return argument !== "" && argument.length <= LONGEST_PATH && !CONTROL_CHARACTER.test(argument)
      ? { from: "file", path: argument }
      : {
          sentence: "must name a file after {file:",
          hint: "write a path, as in {file:~/.secrets/client-secret}",
        };
  }
  return {
    sentence: "is no reference to a secret that is known here",
    hint: `${forms.hint}; a secret that really starts with { must come from a file or a variable`,
  };
}

function command(line: string): TokenReference | Complaint {
  const words = line.match(WORD) ?? [];
  if (
    words.length > 0 &&
    (words[0] ?? "").length <= LONGEST_PATH &&
    line.replace(WORD, "").trim() === "" &&
    !CONTROL_CHARACTER.test(line)
  ) {
    return { from: "command", argv: words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2")) };
  }
  return {
    sentence: "must name a program after {command:",
    hint: "write it with its arguments in one line, quotes closed, as in {command:vault read -field=token identity/oidc/token/ci}",
  };
}
