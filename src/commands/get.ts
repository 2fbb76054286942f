import { resolve } from "node:path";
import { type GlobalOptions, parseChoice, parseSeconds } from "../arguments.js";
import { openConfig } from "../config/kept/open.js";
import type { Context } from "../context.js";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { fileError } from "../files/file-error.js";
import { replaceFile } from "../files/replace.js";
import { askedVersion, EXEC_CREDENTIAL_VERSIONS } from "../formats/exec-credential.js";
import { googleFailure } from "../formats/google-executable.js";
import { FORMATS, type FormatName, formatTokens } from "../formats/output.js";
import { rememberCall } from "../hot/remember.js";
import { asksAgain, noteGiven } from "../hot/repeat.js";
import { DEFAULT_LOG_LEVEL } from "../log.js";
import { accessProfile, type ProfileAccess } from "../session/access.js";
import { type Asked, obtain } from "../session/obtain.js";
import { quietly } from "../session/quietly.js";
import { refuseAgent } from "../session/refuse-agent.js";
import { sha256 } from "../sha256.js";
import { isInteractive } from "../terminal/interactive.js";
import { quote } from "../text.js";
import type { TokenSet } from "../token/token-set.js";

export interface GetOptions extends GlobalOptions {
  readonly format?: string;
  readonly minValidity?: string;
  readonly forceRefresh?: boolean;
  readonly rejectedSha256?: string;
  readonly interactive?: string;
  readonly url?: string;
  readonly idToken?: boolean;
  readonly freshOnRepeat?: boolean;
}

/** `get`: one token on stdout in the format asked for, or nothing. */
export async function get(context: Context, options: GetOptions): Promise<void> {
  const asked = readOptions(options);
  if (asked.format === "exec-credential") checkVersion(context.env.KUBERNETES_EXEC_INFO);
  if (asked.format !== "google-executable") return await print(context, options, asked);
  // Google's libraries take stdout and stderr for one text, and their protocol has a form for a failure.
  try {
    await print(quietly(context), { ...options, interactive: "never" }, asked);
  } catch (error) {
    if (!isOidcTokenError(error) || error.kind === "interrupted") throw error;
    const message = context.redactor.apply(`${error.message}; ${error.hint}`);
    context.stdout.write(googleFailure(error.kind, message));
  }
}

async function print(context: Context, options: GetOptions, asked: Wanted): Promise<void> {
  const read_at = Date.now();
  const interactive = isInteractive(context, options.interactive);
  const config = await openConfig(context, options);
  const profile = config.profile(options.profile);
  refuseAgent(context, profile);
  if (options.url !== undefined) checkOrigin(options.url, profile.name, profile.allowed_origins);
  const access = accessProfile(context, profile, interactive);
  // Before anything takes time: what is noted of the files is to be true of what was read.
  if (isPlain(context, asked)) rememberCall(context, profile, asked, { files: config.files, read_at });
  const wanted = { ...asked, interactive };
  const tokens = options.freshOnRepeat
    ? await obtainFreshOnRepeat(context, access, wanted)
    : await obtain(context, access, wanted);
  const text = formatTokens(asked.format, tokens, profile, context.now(), context.env);
  const { GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE: output_file } = context.env;
  if (asked.format === "google-executable" && output_file) keepAnswer(output_file, text);
  context.stdout.write(text);
}

interface Wanted extends Asked {
  readonly format: FormatName;
  readonly id_token: boolean;
  readonly fresh_on_repeat: boolean;
}

/** A token other than the one this caller was given a moment ago, where one can be had. */
async function obtainFreshOnRepeat(context: Context, access: ProfileAccess, asked: Asked): Promise<TokenSet> {
  const { cache } = context.paths;
  const { account, flow } = access.profile;
  if (flow[0] === "static_key") return await obtain(context, access, asked);
  const stored = (await access.read())?.tokens;
  const again = stored !== undefined && asksAgain(cache, account, stored, context.now());
  let tokens: TokenSet;
  try {
    const refused = again ? { rejected_sha256: sha256(stored.access_token) } : {};
    tokens = await obtain(context, access, { ...asked, ...refused });
  } catch (error) {
    // It is a guess: where nothing newer can be had, the caller is no worse off with what there is.
    if (!again || (isOidcTokenError(error) && error.kind === "interrupted")) throw error;
    tokens = await obtain(context, access, asked);
  }
  noteGiven(cache, account, tokens, context.now(), again);
  return tokens;
}

/** The file that Google's libraries look into before they start a program again. */
function keepAnswer(path: string, text: string): void {
  try {
    replaceFile(resolve(path), text, { durable: false });
  } catch (error) {
    throw fileError(error, { action: "write", path });
  }
}

function readOptions(options: GetOptions): Wanted {
  return {
    format: parseChoice("--format", options.format ?? "token", Object.keys(FORMATS) as FormatName[]),
    min_validity: parseSeconds("--min-validity", options.minValidity),
    force_refresh: options.forceRefresh === true,
    rejected_sha256: parseSha256(options.rejectedSha256),
    // Google takes no access tokens.
    id_token: options.idToken === true || options.format === "google-executable",
    fresh_on_repeat: options.freshOnRepeat === true,
  };
}

/**
 * Whether the next call with this command line may take the hot path: not where it looks at the provider, or writes a log.
 * Google's libraries ask once an hour, for more than a line on stdout.
 */
function isPlain({ log }: Context, asked: Wanted): boolean {
  if (asked.force_refresh || asked.rejected_sha256 !== undefined) return false;
  return log.level === DEFAULT_LOG_LEVEL && asked.format !== "google-executable";
}

function checkVersion(info: string | undefined): void {
  const version = askedVersion(info);
  if (EXEC_CREDENTIAL_VERSIONS.includes(version)) return;
  if (typeof version !== "string")
    throw new OidcTokenError(
      "configuration",
      "the variable KUBERNETES_EXEC_INFO is no JSON with an apiVersion",
      "unset it, or let kubectl run this command: it sets the variable itself",
    );
  throw new OidcTokenError(
    "configuration",
    `KUBERNETES_EXEC_INFO asks for apiVersion ${quote(version)}, which oidc-token does not know`,
    `set apiVersion under exec in the kubeconfig to ${EXEC_CREDENTIAL_VERSIONS.join(" or ")}`,
  );
}

function checkOrigin(url: string, profile: string, allowed_origins: readonly string[]): void {
  let origin: string;
  try {
    origin = new URL(url).origin;
  } catch {
    throw new OidcTokenError(
      "usage",
      "--url takes an absolute URL",
      "for example: --url https://llm.example.com/v1",
    );
  }
  if (allowed_origins.includes(origin)) return;
  throw new OidcTokenError(
    "configuration",
    `profile "${profile}" may not send its token to ${origin}`,
    allowed_origins.length > 0
      ? `it may to ${allowed_origins.join(", ")}; add the other to "allowed_origins" if you trust it`
      : 'set "base_url" or "allowed_origins" in the profile',
  );
}

function parseSha256(text: string | undefined): string | undefined {
  if (text === undefined || /^[0-9a-f]{64}$/i.test(text)) return text;
  throw new OidcTokenError(
    "usage",
    "--rejected-sha256 takes the SHA-256 of the refused token",
    "write it as 64 hexadecimal digits",
  );
}
