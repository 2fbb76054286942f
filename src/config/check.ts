import { delimiter, isAbsolute, join } from "node:path";
import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { type AnyReference, isText, type Profile, REFERENCE_KEYS } from "../profile.js";
import { isProgram } from "../programs/is-program.js";
import { printable, quote } from "../text.js";
import { nearestVariable, unknownVariables } from "./environment.js";
import type { Finding, Report } from "./finding.js";
import { tolerate } from "./finding.js";
import { type ConfigChoice, type LoadedConfig, loadConfig, type Surroundings } from "./load.js";
import { isPlaceholder } from "./schema/rules.js";
import { checkCertificates, exposedSecrets, resolveReference } from "./secrets.js";

/** What was looked at, and everything that is or may be wrong with it, in the order of the file. */
export interface CheckedConfig {
  readonly path: string;
  readonly names: readonly string[];
  readonly findings: readonly Finding[];
}

type Place = Surroundings & Pick<Context, "platform">;

/**
 * Reads every profile, or the one that is chosen, and follows every reference to a secret. Throws an OidcTokenError only
 * where a file can't be read at all. What another profile than the one in use refers to may be missing here, and be
 * there where that one is used: that is a warning.
 */
export function checkConfig(place: Place, choice: ConfigChoice = {}): CheckedConfig {
  const findings: Finding[] = [];
  const report: Report = (finding) => findings.push(finding);
  const config = loadConfig(place, choice, report);
  const broken = findings.flatMap(({ profile }) => profile ?? []);
  const { profile: chosen } = choice;
  if (chosen === undefined && config.selected !== undefined && !broken.includes(config.selected))
    if (!config.names.includes(config.selected)) tolerate(report, () => config.profile());
  for (const name of chosen === undefined ? config.names : broken.includes(chosen) ? [] : [chosen])
    findings.push(...profileFindings(place, config, name, chosen ?? config.selected ?? name));
  for (const name of unknownVariables(place.env)) report(unknownVariable(name));
  const names = chosen === undefined ? [...new Set([...config.names, ...broken])] : [chosen];
  const about = (finding: Finding) => finding.profile === undefined || names.includes(finding.profile);
  return { path: config.path, names, findings: findings.filter(about) };
}

function profileFindings(place: Place, config: LoadedConfig, name: string, in_use: string): Finding[] {
  const findings: Finding[] = [];
  const add = (severity: Finding["severity"], key: string | undefined, sentence: string, hint: string) => {
    const at = key === undefined ? undefined : config.at(name, key);
    const where = at === undefined ? "" : `${at}: `;
    findings.push({ severity, profile: name, sentence: `${where}profile ${quote(name)}: ${sentence}`, hint });
  };
  const profile = tolerate(
    (finding) => findings.push(finding),
    () => config.profile(name),
    name,
  );
  if (!profile) return findings;
  const missing = name === in_use ? "error" : "warning";
  for (const [key, follow] of references(place, profile))
    tolerate(({ sentence, hint }) => add(missing, key, sentence, hint), follow);
  for (const key of PLACES_TO_FILL) {
    const values = [profile[key] ?? []].flat();
    if (values.some(isPlaceholder))
      add(
        "warning",
        key,
        `"${key}" looks as if it still holds a placeholder`,
        "put the real value in its place",
      );
  }
  for (const exposed of exposedSecrets(profile, profile.project ?? config.path, place.platform))
    add(
      "warning",
      undefined,
      exposed,
      "close it: chmod 600, and change the secret if others may have read it",
    );
  return findings;
}

/** The keys people copy from an example and forget. */
const PLACES_TO_FILL = ["client_id", "scope", "audience", "resource", "base_url", "issuer"] as const;

/** What follows each reference of a profile, and throws where it leads nowhere. */
function references(place: Place, profile: Profile): [key: string, follow: () => void][] {
  const all = REFERENCE_KEYS.flatMap((key): [string, () => void][] => {
    const reference: AnyReference | undefined = profile[key];
    if (reference?.from === "command") return [[key, () => findProgram(place, key, reference.argv[0] ?? "")]];
    return reference && isText(reference) ? [[key, () => resolveReference(reference, key, place)]] : [];
  });
  const { ca_file } = profile;
  return ca_file === undefined ? all : [...all, ["ca_file", () => checkCertificates(ca_file)]];
}

function findProgram({ env, cwd, platform }: Place, key: string, program: string): void {
  if (platform === "win32") return;
  const folders = program.includes("/") ? [cwd] : (env.PATH ?? "").split(delimiter);
  if (folders.some((folder) => isProgram(isAbsolute(program) ? program : join(folder, program)))) return;
  throw new OidcTokenError(
    "configuration",
    `"${key}" names the program ${printable(program)}, which is not there or may not be run`,
    "install it, or write its full path",
  );
}

function unknownVariable(name: string): Finding {
  const meant = nearestVariable(name);
  return {
    severity: "warning",
    sentence: `the variable ${printable(name)} is none that this program reads`,
    hint: meant === undefined ? "unset it" : `did you mean ${meant}?`,
  };
}
