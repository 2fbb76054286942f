/** One challenge of a WWW-Authenticate header (RFC 9110 §11.6.1): names in lower case, text as it came. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const LONGEST = 8192;
const PART =
  /[\s,]*(?:([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([!#$%&'*+.^_`|~\w-]+)(?=[\s,]|$))/gy;

/** The challenges of a server that wants to know who asks. What can't be read ends the list. */
export function challengesIn(header: string | null): readonly Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  for (const [, name, quoted, bare, scheme] of (header ?? "").slice(0, LONGEST).matchAll(PART)) {
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: {} });
    const last = found.at(-1);
    if (name === undefined || !last) continue;
    last.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "";
  }
  return found;
}
