import * as v from "valibot";
import { CONTROL_CHARACTER, type Complaint } from "../../text.js";
import { parseKeyReference, parseSecretReference, parseTokenReference } from "./reference.js";
import { parameterComplaint, urlComplaint } from "./rules.js";

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

export function oneOrMany<T extends v.GenericSchema<string, string>>(item: T) {
  return v.union([item, v.array(item)], "must be a string or a list of strings");
}

export function toList<T>() {
  return v.transform((value: T | T[]): T[] => (Array.isArray(value) ? value : [value]));
}

export const string = () => v.string("must be a string");
export const text = () =>
  v.pipe(
    string(),
    v.nonEmpty("must not be empty\ngive it a value or leave the key out"),
    v.check(
      (value) => !CONTROL_CHARACTER.test(value),
      "must not contain control characters or line breaks\nlook for a stray line break",
    ),
  );
export const url = () => v.pipe(string(), obeys(urlComplaint), v.metadata({ format: "uri" }));
export const secret = () =>
  v.pipe(
    string(),
    obeys(complaintOf(parseSecretReference)),
    v.examples(["{env:NAME}", "{file:~/path}", "{keyring}"]),
  );
export const token = () =>
  v.pipe(
    string(),
    obeys(complaintOf(parseTokenReference)),
    v.examples(["{file:/path}", "{env:NAME}", "{command:program argument}", "{github_actions:AUDIENCE}"]),
  );
export const pem = () =>
  v.pipe(string(), obeys(complaintOf(parseKeyReference)), v.examples(["{file:~/path}", "{env:NAME}"]));
export const seconds = (least: number, most: number) => {
  const message = `must be a whole number of seconds from ${least} to ${most}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
};
export const parameters = () =>
  notList(
    v.record(
      v.pipe(text(), obeys(parameterComplaint)),
      string(),
      "must be an object of strings, a parameter's name before each",
    ),
  );
export const tokens = () =>
  v.exactOptional(v.pipe(v.number("must be a number"), v.integer("must be a whole number")));

function complaintOf(parse: (text: string) => object | Complaint) {
  return (text: string): Complaint | undefined => {
    const parsed = parse(text);
    return "sentence" in parsed ? parsed : undefined;
  };
}
