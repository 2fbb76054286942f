import kleur from "kleur";
import type { JsonOptions } from "../arguments.js";
import { openConfig } from "../config/kept/open.js";
import type { Context } from "../context.js";
import { duration } from "../duration.js";
import { isOidcTokenError, type OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import type { Profile } from "../profile.js";
import { accessProfile } from "../session/access.js";
import { eachProfile } from "../session/each-profile.js";
import type { StoreName } from "../store/store.js";
import { table } from "../terminal/table.js";
import { tell } from "../terminal/tell.js";
import { jsonLine, printable } from "../text.js";
import { unattendedFlow } from "../token/choose-flow.js";
import { holderOf } from "../token/claims.js";
import { isFresh } from "../token/freshness.js";
import type { TokenSet } from "../token/token-set.js";

/** One row of `status --json` (DESIGN §1). */
export interface ProfileStatus {
  readonly profile: string;
  readonly flow: string;
  readonly issuer?: string;
  readonly signed_in: boolean;
  /** Seconds since the epoch. */
  readonly expires_at?: number;
  readonly has_refresh_token: boolean;
  readonly store?: StoreName;
  readonly next: "serve" | "refresh" | "sign_in";
  /** The profile used where none is named. */
  readonly default: boolean;
  /** What the person calls their account, as the stored tokens say it. */
  readonly account?: string;
  /** There was a session, and nothing of it works any more. */
  readonly session_ended?: boolean;
  /** What is missing before a key can be served, in a few words. */
  readonly missing?: string;
  /** Why nothing of this can be said, and what to do. */
  readonly error?: string;
  readonly hint?: string;
}

/** `status`: what each profile has, and what `get` would do next. */
export async function status(context: Context, options: JsonOptions): Promise<void> {
  const config = await openConfig(context, options);
  const names = options.profile === undefined ? config.names : [options.profile];
  const answers = await eachProfile(config, names, (profile) => statusOf(context, profile));
  const rows = answers.map((each) =>
    "answer" in each ? each.answer : unanswered(context, each, each.name === config.selected),
  );
  if (rows.length === 0) tell(context, "no profile yet; run: oidc-token init");
  context.stdout.write(options.json ? jsonLine(rows) : `${asTable(rows, context.now())}\n`);
}

function unanswered(
  { redactor }: Context,
  { name, profile, error }: { name: string; profile?: Profile; error: OidcTokenError },
  is_selected: boolean,
): ProfileStatus {
  return {
    profile: name,
    flow: profile?.flow.join(" ") ?? "",
    ...given({ issuer: profile?.issuer }),
    signed_in: false,
    has_refresh_token: false,
    next: "sign_in",
    default: profile?.is_default ?? is_selected,
    error: redactor.sentence(error.message),
    hint: redactor.sentence(error.hint),
  };
}

async function statusOf(context: Context, profile: Profile): Promise<ProfileStatus> {
  const access = accessProfile(context, profile);
  const common = {
    profile: profile.name,
    flow: profile.flow.join(" "),
    ...given({ issuer: profile.issuer }),
    default: profile.is_default,
  };
  if (profile.flow[0] === "static_key" && profile.key?.from !== "keyring") {
    const signed_in = await isThere(access.secrets.key);
    const missing = signed_in ? undefined : missingKey(profile);
    const next = signed_in ? "serve" : "sign_in";
    return { ...common, signed_in, has_refresh_token: false, next, ...given({ missing }) };
  }
  const stored = await access.read();
  const unattended = unattendedFlow(profile.flow) !== undefined;
  const next = nextStep(stored?.tokens, profile.refresh_before, unattended, context.now());
  const { username, email, subject } = stored ? holderOf(stored.tokens) : {};
  const account = username ?? email ?? subject;
  return {
    ...common,
    signed_in: stored !== undefined,
    ...given({
      expires_at: stored?.tokens.expires_at && Math.floor(stored.tokens.expires_at),
      store: stored?.store,
      account: account && context.redactor.clean(account),
      session_ended: stored && next === "sign_in" ? true : undefined,
    }),
    has_refresh_token: stored?.tokens.refresh_token !== undefined,
    next,
  };
}

function missingKey({ key }: Profile): string | undefined {
  if (key?.from === "env") return `variable ${printable(key.name)} is not set`;
  if (key?.from === "file") return `file ${printable(key.path)} holds no key`;
  return undefined;
}

/** One profile whose variable is not set here must not keep the others from being shown. */
async function isThere(key: () => Promise<string | undefined>): Promise<boolean> {
  try {
    return (await key()) !== undefined;
  } catch (error) {
    if (isOidcTokenError(error) && error.kind === "configuration") return false;
    throw error;
  }
}

function nextStep(
  tokens: TokenSet | undefined,
  refresh_before: number,
  unattended: boolean,
  now: number,
): ProfileStatus["next"] {
  const rule = { now, min_validity: undefined };
  if (tokens && isFresh(tokens, rule, { refresh_before, unattended })) return "serve";
  return unattended || tokens?.refresh_token !== undefined ? "refresh" : "sign_in";
}

function asTable(rows: readonly ProfileStatus[], now: number): string {
  const head = ["  PROFILE", "ACCOUNT", "SIGNED IN", "EXPIRES", "STORE", "NEXT GET"].map((title) =>
    kleur.bold(title),
  );
  return table([head, ...rows.map((row) => asCells(row, now))]);
}

function asCells(row: ProfileStatus, now: number): string[] {
  const next = {
    serve: kleur.green("serves"),
    refresh: kleur.yellow("refreshes"),
    sign_in: kleur.red("needs login"),
  };
  return [
    `${row.default ? "*" : " "} ${row.profile}`,
    row.account ?? "-",
    row.error !== undefined ? "?" : row.signed_in ? "yes" : "no",
    row.signed_in ? expiry(row, now) : "-",
    row.store ?? "-",
    (row.error ?? row.missing) !== undefined
      ? kleur.red(row.error ?? row.missing ?? "")
      : row.session_ended
        ? kleur.red("session has ended, needs login")
        : next[row.next],
  ];
}

function expiry(row: ProfileStatus, now: number): string {
  if (row.expires_at === undefined) return row.flow === "static_key" ? "never" : "unknown";
  const left = Math.round(row.expires_at - now);
  return left > 0 ? `in ${duration(left)}` : `${duration(-left)} ago`;
}
