import kleur from "kleur";
import type { JsonOptions } from "../arguments.js";
import { openConfig } from "../config/kept/open.js";
import type { Context } from "../context.js";
import { duration } from "../duration.js";
import type { Profile } from "../profile.js";
import { accessProfile, signInNeeded } from "../session/access.js";
import { eachProfile } from "../session/each-profile.js";
import { tell } from "../terminal/tell.js";
import { jsonLine } from "../text.js";
import { claimsOf, type Holder, holderOf } from "../token/claims.js";

/** One row of `whoami --json` (DESIGN §1). */
export interface Whoami extends Holder {
  readonly profile: string;
  readonly token: "jwt" | "opaque" | "static";
}

/** A row in its place, where what is stored cannot be read. */
interface Unanswered {
  readonly profile: string;
  readonly error: string;
  readonly hint: string;
}

/** `whoami`: whom the stored tokens are for, as they say themselves; nobody is asked. Never prints a token. */
export async function whoami(context: Context, options: JsonOptions): Promise<void> {
  const config = await openConfig(context, options);
  const names = options.profile === undefined ? config.names : [options.profile];
  const rows: (Whoami | Unanswered)[] = [];
  const sentence = (text: string): string => context.redactor.sentence(text);
  for (const each of await eachProfile(config, names, (profile) => holderIn(context, profile))) {
    const { name } = each;
    if ("error" in each) {
      const { message, hint } = each.error;
      rows.push({ profile: name, error: sentence(message), hint: sentence(hint) });
    } else if (each.answer) rows.push(each.answer);
    else if (options.profile !== undefined) throw signInNeeded(config.profile(name));
    else tell(context, `not signed in to ${name}`);
  }
  if (names.length === 0) tell(context, "no profile yet; run: oidc-token init");
  if (options.json) context.stdout.write(jsonLine(rows));
  else if (rows.length > 0) context.stdout.write(`${rows.map((row) => asText(row, context)).join("\n\n")}\n`);
}

async function holderIn(context: Context, profile: Profile): Promise<Whoami | undefined> {
  const access = accessProfile(context, profile);
  const { name } = profile;
  if (profile.flow[0] === "static_key") {
    const is_there = profile.key?.from !== "keyring" || (await access.read()) !== undefined;
    return is_there ? { profile: name, token: "static" } : undefined;
  }
  const stored = await access.read();
  if (!stored) return undefined;
  const { tokens } = stored;
  const { expires_at, session_expires_at, ...holder } = holderOf(tokens);
  return {
    profile: name,
    ...holder,
    ...(expires_at !== undefined && { expires_at: Math.floor(expires_at) }),
    ...(session_expires_at !== undefined && { session_expires_at: Math.floor(session_expires_at) }),
    token: claimsOf(tokens.access_token) ? "jwt" : "opaque",
  };
}

const KINDS = {
  jwt: "a JWT, whose claims these are",
  opaque: "opaque: only its provider can read it",
  static: "a fixed key, which says nothing of whose it is",
};

function asText(row: Whoami | Unanswered, { now, redactor }: Context): string {
  if ("error" in row) {
    const { profile, error, hint } = row;
    return `${"profile".padEnd(10)}${kleur.bold(profile)}\n${"error".padEnd(10)}${error}\n${"hint".padEnd(10)}${hint}`;
  }
  const { profile, subject, username, email, issuer, audience, scope, expires_at, session_expires_at } = row;
  const account = [...new Set([username, email, subject].filter((each) => each !== undefined))];
  const [who, ...aliases] = account;
  const lines: (readonly [label: string, value: string | undefined])[] = [
    ["profile", kleur.bold(profile)],
    ["account", who && (aliases.length > 0 ? `${who} (${aliases.join(", ")})` : who)],
    ["issuer", issuer],
    ["audience", audience?.join(", ")],
    ["scope", scope],
    ["expires", expires_at === undefined ? undefined : when(expires_at, now())],
    ["session", session_expires_at === undefined ? undefined : when(session_expires_at, now())],
    ["token", KINDS[row.token]],
  ];
  return lines
    .filter(([, value]) => value !== undefined)
    .map(([label, value = ""]) => `${label.padEnd(10)}${label === "profile" ? value : redactor.clean(value)}`)
    .join("\n");
}

/** `2026-11-26 18:04 UTC, in 2 h 5 min`. */
function when(time: number, now: number): string {
  const left = Math.round(time - now);
  const date = new Date(time * 1000);
  const at = Number.isNaN(date.getTime()) ? "" : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC, `;
  return at + (left > 0 ? `in ${duration(left)}` : `${duration(-left)} ago`);
}
