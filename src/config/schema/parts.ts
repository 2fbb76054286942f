import * as v from "valibot";
import { DURATION, secondsOf } from "../../duration.js";
import type { ReferenceOf } from "../../profile.js";
import { CONTROL_CHARACTER, type Complaint } from "../../text.js";
import { parseReference } from "./reference.js";
import { parameterComplaint, urlComplaint } from "./rules.js";

/** Characters; no path of a file may be longer. */
const LONGEST_TEXT = 4096;

/** Keys of an object of which none must be there; what editors show is said apart, so that both can be read. */
export function keys<T extends Record<string, v.GenericSchema>>(
  entries: T,
  says: Readonly<Record<keyof T, string>>,
): { [Key in keyof T]: v.ExactOptionalSchema<T[Key], undefined> } {
  const described = Object.entries(entries).map(([key, schema]) => [
    key,
    v.pipe(v.exactOptional(schema), v.description(says[key] as string)),
  ]);
  return Object.fromEntries(described);
}

/** A Complaint as the message of a Valibot issue: the hint stands on the second line. */
export function obeys(rule: (value: string) => Complaint | undefined) {
  return v.rawCheck<string>(({ dataset, addIssue }) => {
    const complaint = dataset.typed ? rule(dataset.value) : undefined;
    if (complaint) addIssue({ message: `${complaint.sentence}\n${complaint.hint}` });
  });
}

/** Valibot takes a list for an object; a configuration file must not. */
export function notList<T extends v.GenericSchema>(schema: T): T {
  const run: T["~run"] = (dataset, config) =>
    schema["~run"](Array.isArray(dataset.value) ? { value: undefined } : dataset, config);
  return { ...schema, "~run": run };
}

export function oneOf<const T extends readonly string[]>(choices: T) {
  return v.picklist(choices, `must be one of ${choices.map((choice) => `"${choice}"`).join(", ")}`);
}

/** One string, or a list of them; a list in any case once it is read. */
export function oneOrMany<T extends string>(item: v.GenericSchema<string, T>) {
  return v.pipe(
    v.union(
      [item, v.array(item)],
      "must be a string or a list of strings\nwrite it in double quotes, several in [ ] with commas between",
    ),
    v.transform((value): T[] => (Array.isArray(value) ? value : [value])),
  );
}

/** A string that a rule looks at. */
export function ruled(rule: (value: string) => Complaint | undefined, example: string) {
  return v.pipe(string(), obeys(rule), v.examples([example]));
}

export const string = () => v.string("must be a string\nwrite it in double quotes");
export const text = () =>
  v.pipe(
    string(),
    v.nonEmpty("must not be empty\ngive it a value or leave the key out"),
    v.maxLength(
      LONGEST_TEXT,
      `must not be longer than ${LONGEST_TEXT} characters\nlook for what was pasted into it`,
    ),
    v.check(
      (value) => !CONTROL_CHARACTER.test(value),
      "must not contain control characters or line breaks\nlook for a stray line break",
    ),
  );
export const url = () => v.pipe(string(), obeys(urlComplaint), v.metadata({ format: "uri" }));
/** Where something is to be found, parsed. */
export function reference<Kind extends keyof ReferenceOf>(kind: Kind) {
  return v.pipe(
    string(),
    v.examples(EXAMPLES[kind]),
    v.rawTransform(({ dataset, addIssue, NEVER }): ReferenceOf[Kind] => {
      const parsed = parseReference(kind, dataset.value);
      if (!("sentence" in parsed)) return parsed;
      addIssue({ message: `${parsed.sentence}\n${parsed.hint}` });
      return NEVER;
    }),
  );
}

const EXAMPLES: Record<keyof ReferenceOf, string[]> = {
  secret: ["{env:NAME}", "{file:~/path}", "{keyring}"],
  key: ["{file:~/path}", "{env:NAME}"],
  token: ["{file:/path}", "{env:NAME}", "{command:program argument}", "{github_actions:AUDIENCE}"],
};

/** Whole seconds, as a number or as a duration. */
export const seconds = (least: number, most: number) => {
  const message = `must be a whole number of seconds from ${least} to ${most}\nwrite digits without quotes, or a duration such as "90s", "5m" or "1h"`;
  return v.union(
    [
      v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message)),
      v.pipe(
        v.string(message),
        v.regex(DURATION, message),
        v.transform((text) => secondsOf(text) ?? Number.NaN),
        v.minValue(least, message),
        v.maxValue(most, message),
      ),
    ],
    message,
  );
};
export const parameters = () =>
  notList(
    v.record(
      v.pipe(text(), obeys(parameterComplaint)),
      string(),
      "must be an object of strings, a parameter's name before each",
    ),
  );
