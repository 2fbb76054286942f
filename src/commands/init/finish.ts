import { existsSync } from "node:fs";
import { configPath, loadConfig } from "../../config/load.js";
import { exposedSecrets } from "../../config/secrets.js";
import type { Context } from "../../context.js";
import { duration } from "../../duration.js";
import { type AnyReference, commandOn, type Profile, REFERENCE_KEYS, secretsOf } from "../../profile.js";
import { accessProfile } from "../../session/access.js";
import { logIn } from "../../session/log-in.js";
import type { SignInOptions } from "../../session/sign-in.js";
import { isTerminal } from "../../terminal/interactive.js";
import { pipedSecret } from "../../terminal/secret-prompt.js";
import { tell } from "../../terminal/tell.js";
import { printable } from "../../text.js";
import { unattendedFlow } from "../../token/choose-flow.js";
import { holderOf } from "../../token/claims.js";
import type { RegisteredClient } from "../../token/discovery.js";
import type { InitOptions } from "./init-options.js";
import { readOpenCode } from "./opencode.js";

/** What a registered client is known by goes to the store, never to the file. */
export async function keepClient(
  context: Context,
  profile: Profile,
  client: RegisteredClient,
): Promise<void> {
  const access = accessProfile(context, profile, isTerminal(context));
  const { client_secret, management } = client;
  if (client_secret !== undefined) await access.keepSecret("client_secret", client_secret);
  if (management) await access.keepSecret("registration", JSON.stringify(management));
}

/** Signs in where a person is there or none is needed, and says what the token is got with; else what to run next. */
export async function finish(
  context: Context,
  options: InitOptions,
  names: readonly string[],
): Promise<void> {
  const config = loadConfig(context, options);
  for (const name of names) tellSecretFiles(context, config.profile(name), configPath(context, options));
  const [only, ...more] = names;
  const profile = only === undefined || more.length > 0 ? undefined : config.profile(only);
  const way = profile && options.login !== false ? await signInHere(context, profile) : undefined;
  if (!profile || !way) {
    for (const name of names)
      tell(context, `next: ${commandOn(config.profile(name), nextCommand(config.profile(name)))}`);
    return;
  }
  if (way !== "nothing to do") {
    const { store, expires_at } = await logIn(context, profile, way);
    const who = await account(context, profile);
    const left = expires_at === undefined ? "" : `, for ${duration(Math.round(expires_at - context.now()))}`;
    tell(
      context,
      `signed in to ${profile.name}${who === undefined ? "" : ` as ${context.redactor.clean(who)}`}${left}; kept in the ${store} store`,
    );
  }
  for (const line of uses(context, profile)) tell(context, line);
}

/** How the profile gets its token now; undefined where that takes what is not here: a person, a secret, a file. */
async function signInHere(
  context: Context,
  profile: Profile,
): Promise<SignInOptions | "nothing to do" | undefined> {
  const { flow, key, client_secret } = profile;
  const has_key = flow[0] === "static_key";
  const is_alone = has_key || unattendedFlow(flow) === flow[0];
  const asks = (has_key ? key : client_secret)?.from === "keyring";
  if (has_key && !asks) return isTerminal(context) ? "nothing to do" : undefined;
  if (is_alone && !asks) return isAllThere(context, profile) ? {} : undefined;
  if (isTerminal(context)) return {};
  if (!is_alone) return undefined;
  // On a terminal whose other half is elsewhere nobody would know that something is waited for.
  const secret = context.stdin.isTTY === true ? undefined : await pipedSecret(context);
  if (secret !== undefined) return { secret };
  const access = accessProfile(context, profile);
  return !has_key && (await access.storedSecret("client_secret")) !== undefined ? {} : undefined;
}

/** Whether everything that the profile refers to can be read now. */
function isAllThere({ env }: Context, profile: Profile): boolean {
  return REFERENCE_KEYS.every((each) => {
    const reference: AnyReference | undefined = profile[each];
    if (reference?.from === "file") return existsSync(reference.path);
    if (reference?.from === "env") return Boolean(env[reference.name]);
    return reference?.from !== "github_actions" || Boolean(env.ACTIONS_ID_TOKEN_REQUEST_URL);
  });
}

async function account(context: Context, profile: Profile): Promise<string | undefined> {
  const access = accessProfile(context, profile);
  const stored = profile.flow[0] === "static_key" ? undefined : await access.read();
  const { username, email, subject } = stored ? holderOf(stored.tokens) : {};
  return username ?? email ?? subject;
}

/** The lines to copy for what is at hand. */
function uses(context: Context, profile: Profile): readonly string[] {
  const get =
    profile.is_default && profile.config === undefined ? "oidc-token get" : commandOn(profile, "get");
  const { base_url } = profile;
  const opencode = readOpenCode(context);
  const has_opencode = opencode.plugins.length + opencode.providers.length > 0;
  return [
    `a token: ${get}`,
    ...(base_url === undefined ? [] : [`a request: ${get} -f header | curl -H @- ${printable(base_url)}`]),
    ...(has_opencode ? ["OpenCode: oidc-token setup opencode --write"] : []),
  ];
}

/** A file with a secret that is not there yet, or that others may read. */
function tellSecretFiles(context: Context, profile: Profile, file: string): void {
  for (const [, reference] of secretsOf(profile)) {
    if (reference.from !== "file" || existsSync(reference.path)) continue;
    tell(context, `${printable(reference.path)} does not exist yet: put the secret in it, alone on one line`);
  }
  for (const exposed of exposedSecrets(profile, file, context.platform)) tell(context, exposed);
}

function nextCommand({ flow, key, client_secret }: Profile): "login" | "get" {
  if (flow[0] === "static_key") return key?.from === "keyring" ? "login" : "get";
  return unattendedFlow(flow) === flow[0] && client_secret?.from !== "keyring" ? "get" : "login";
}
