import type { JsonOptions } from "../../arguments.js";
import { type LoadedConfig, loadConfig } from "../../config/load.js";
import type { Context } from "../../context.js";
import { attempt, isOidcTokenError, OidcTokenError } from "../../errors.js";
import type { Profile } from "../../profile.js";
import { accessProfile } from "../../session/access.js";
import { api } from "./api.js";
import type { Check, Machine, Patient } from "./check.js";
import { client, device } from "./client.js";
import { command } from "./command.js";
import { configuration } from "./configuration.js";
import { examine, type Row } from "./engine.js";
import { folders } from "./folders.js";
import { clock, discovery, reach } from "./provider.js";
import { redirect } from "./redirect.js";
import { report } from "./report.js";
import { runtime } from "./runtime.js";
import { session, token } from "./session.js";
import { leftovers, store } from "./store.js";

/** In the order in which a token comes to be. */
const MACHINE: readonly Check<Machine>[] = [configuration, command, runtime, folders, store, leftovers];
const PROFILE: readonly Check<Patient>[] = [
  reach,
  clock,
  discovery,
  client,
  device,
  redirect,
  session,
  token,
  api,
];

/** `doctor`: everything between here and a token that an API takes, live. Throws the first failure, after the report. */
export async function doctor(context: Context, options: JsonOptions): Promise<void> {
  const config = loaded(context, options);
  const rows = await examine(context, MACHINE, { context, options, config });
  for (const profile of profilesIn(config, options)) {
    rows.push(...(await examine(context, PROFILE, patientOf(context, profile), profile.name)));
  }
  const { redactor, stdout } = context;
  if (options.json) {
    const findings = rows.map(({ kind: _, ...finding }) => finding);
    stdout.write(`${redactor.apply(JSON.stringify(findings))}\n`);
  } else stdout.write(`${redactor.apply(report(rows))}\n`);
  const failures = rows.filter(({ result }) => result === "fail");
  const [first, ...more] = failures;
  if (first) throw summary(first, more.length);
  if (!options.json) stdout.write(`\n${verdict(rows)}\n`);
}

function loaded(context: Context, options: JsonOptions): LoadedConfig | undefined {
  try {
    // What is wrong with a part of it is the check's to tell.
    return loadConfig(context, options, () => {});
  } catch (error) {
    if (isOidcTokenError(error) && error.kind === "configuration") return undefined;
    throw error;
  }
}

/** The profiles that can be looked at; what is wrong with the others is told already. */
function profilesIn(config: LoadedConfig | undefined, { profile: named }: JsonOptions): readonly Profile[] {
  const names = named === undefined ? (config?.names ?? []) : [named];
  return names.flatMap((name) => attempt(() => config?.profile(name)) ?? []);
}

function patientOf(context: Context, profile: Profile): Patient {
  const access = accessProfile(context, profile);
  return {
    context,
    profile,
    access,
    network: async () => ({ ...context, fetch: await context.transport(profile, access.secrets) }),
  };
}

function summary(
  { check, profile, detail, hint = "", kind = "configuration" }: Row,
  more: number,
): OidcTokenError {
  const where = profile === undefined ? "" : `profile "${profile}": `;
  const others = more === 0 ? "" : `, and ${more} more`;
  return new OidcTokenError(kind, `${where}${check} fails${others}: ${detail}`, hint);
}

function verdict(rows: readonly Row[]): string {
  const warnings = rows.filter(({ result }) => result === "warn").length;
  if (warnings === 0) return "All is well between here and a token.";
  return `A token can be had; ${warnings === 1 ? "one thing is" : `${warnings} things are`} worth a look.`;
}
