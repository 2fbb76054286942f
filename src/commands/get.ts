import { loadConfig } from "../config/load.js";
import { snapshotKey, writeSnapshot } from "../config/snapshot.js";
import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { FORMATS, type FormatName, formatTokens } from "../formats/output.js";
import { unattendedFlow } from "../token/choose-flow.js";
import { idTokenAsToken } from "../token/id-token.js";
import { obtainTokens } from "../token/service.js";
import type { TokenSet } from "../token/token-set.js";
import { isInteractive } from "./interactive.js";
import { type GlobalOptions, parseChoice, parseSeconds } from "./options.js";
import { accessProfile, type ProfileAccess } from "./profile-access.js";
import { signIn } from "./sign-in.js";
import { obtainStaticKey } from "./static-key.js";
import { lockTimeout, tokenPorts } from "./token-ports.js";

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
  const format = parseChoice("--format", options.format ?? "token", Object.keys(FORMATS) as FormatName[]);
  const min_validity =
    options.minValidity === undefined ? undefined : parseSeconds("--min-validity", options.minValidity);
  const rejected_sha256 = parseSha256(options.rejectedSha256);
  const interactive = isInteractive(context, options.interactive);

  const config = loadConfig(context, options);
  const profile = config.profile(options.profile);
  if (options.url !== undefined) checkOrigin(options.url, profile.name, profile.allowed_origins);
  const access = accessProfile(context, profile, {
    interactive,
    notice: (sentence) => void context.stderr.write(`oidc-token: ${sentence}\n`),
  });
  let tokens: TokenSet;
  if (profile.flow[0] === "static_key") {
    tokens = await obtainStaticKey(context, access, rejected_sha256);
  } else {
    const request = {
      min_validity,
      refresh_before: profile.refresh_before,
      force_refresh: options.forceRefresh === true,
      rejected_sha256,
      lock_timeout: lockTimeout(profile.timeout),
    };
    const ports = tokenPorts(
      context,
      access,
      interactive ? async () => (await signIn(context, access, {})).tokens : undefined,
    );
    tokens = await obtainTokens(request, ports);
    const key = snapshotKey(context.env, context.cwd, context.paths.config, {
      profile: options.profile,
      config: options.config,
    });
    if (key !== undefined) {
      writeSnapshot(context.paths.cache, key, config.files, read_at, {
        account: profile.account,
        store: profile.store,
        header: profile.header,
        header_scheme: profile.header_scheme,
        allowed_origins: profile.allowed_origins,
        refresh_before: profile.refresh_before,
        unattended: unattendedFlow(profile.flow) !== undefined,
      });
    }
  }
  const answer = options.idToken ? idToken(tokens, access) : tokens;
  context.stdout.write(formatTokens(format, answer, profile, context.now()));
}

function idToken(tokens: TokenSet, access: ProfileAccess): TokenSet {
  const answer = idTokenAsToken(tokens);
  if (answer) return answer;
  throw new OidcTokenError(
    "configuration",
    `profile "${access.profile.name}" has no ID token`,
    'add "openid" to its scope, then run oidc-token login again',
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
