import { type GlobalOptions, parseChoice, parseSeconds } from "../arguments.js";
import { loadConfig } from "../config/load.js";
import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { FORMATS, type FormatName, formatTokens } from "../formats/output.js";
import { given } from "../given.js";
import { snapshotKey, writeSnapshot } from "../hot/snapshot.js";
import { DEFAULT_LOG_LEVEL } from "../log.js";
import type { Profile } from "../profile.js";
import { accessProfile } from "../session/access.js";
import { type Asked, obtain } from "../session/obtain.js";
import { isInteractive } from "../terminal/interactive.js";
import { tell } from "../terminal/tell.js";
import { unattendedFlow } from "../token/choose-flow.js";

export interface GetOptions extends GlobalOptions {
  readonly format?: string;
  readonly minValidity?: string;
  readonly forceRefresh?: boolean;
  readonly rejectedSha256?: string;
  readonly interactive?: string;
  readonly url?: string;
  readonly idToken?: boolean;
}

/** `get`: one token on stdout in the format asked for, or nothing. */
export async function get(context: Context, options: GetOptions): Promise<void> {
  const read_at = Date.now();
  const asked = readOptions(options);
  const interactive = isInteractive(context, options.interactive);
  const config = loadConfig(context, options);
  const profile = config.profile(options.profile);
  if (options.url !== undefined) checkOrigin(options.url, profile.name, profile.allowed_origins);
  const access = accessProfile(context, profile, {
    interactive,
    notice: (sentence) => tell(context, sentence),
  });
  // Before anything takes time: what is noted of the files is to be true of what was read.
  remember(context, profile, asked, config.files, read_at);
  const tokens = await obtain(context, access, { ...asked, interactive });
  context.stdout.write(formatTokens(asked.format, tokens, profile, context.now()));
}

interface Wanted extends Asked {
  readonly format: FormatName;
  readonly id_token: boolean;
}

function readOptions(options: GetOptions): Wanted {
  return {
    format: parseChoice("--format", options.format ?? "token", Object.keys(FORMATS) as FormatName[]),
    min_validity:
      options.minValidity === undefined ? undefined : parseSeconds("--min-validity", options.minValidity),
    force_refresh: options.forceRefresh === true,
    rejected_sha256: parseSha256(options.rejectedSha256),
    id_token: options.idToken === true,
  };
}

/** Lets the next call with the same command line take the hot path. */
function remember(
  context: Context,
  profile: Profile,
  asked: Wanted,
  files: readonly string[],
  read_at: number,
): void {
  // A call that must look at the provider, or that writes a log, is none for the hot path.
  if (asked.force_refresh || asked.rejected_sha256 !== undefined) return;
  if (context.log.level !== DEFAULT_LOG_LEVEL) return;
  const call = snapshotKey(context.argv, context.env, context.cwd, context.paths.config);
  if (call === undefined) return;
  const { account, store, header, header_scheme, refresh_before, key, allowed_origins } = profile;
  if (key?.from === "plain") return;
  const { format, id_token, min_validity } = asked;
  writeSnapshot(context.paths.cache, call, files, read_at, {
    ...{ account, store, header, header_scheme, refresh_before, format, id_token, allowed_origins },
    ...given({ min_validity, key: key?.from === "env" || key?.from === "file" ? key : undefined }),
    unattended: unattendedFlow(profile.flow) !== undefined,
  });
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
