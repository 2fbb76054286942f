import type { GlobalOptions } from "../arguments.js";
import { clientAccountOf } from "../config/identity.js";
import { openConfig } from "../config/kept/open.js";
import { resolveReference } from "../config/secrets.js";
import type { Context, Secrets } from "../context.js";
import { OidcTokenError } from "../errors.js";
import {
  type AnyReference,
  commandOn,
  diversionOf,
  type Profile,
  REFERENCE_KEYS,
  REFERENCES,
  type ReferenceKey,
} from "../profile.js";
import type { StoreName } from "../store/store.js";
import { tell } from "../terminal/tell.js";
import type { Grants } from "../token/grants.js";
import { fromRecord, toRecord } from "../token/record.js";
import type { TokenSet } from "../token/token-set.js";
import { outputOf } from "./token-command.js";

/** One profile with its store, its secrets and its provider: what every command works on. */
export interface ProfileAccess {
  readonly profile: Profile;
  readonly secrets: Secrets;
  grants(): Promise<Grants>;
  /** What is stored, and where. */
  read(): Promise<{ readonly tokens: TokenSet; readonly store: StoreName } | undefined>;
  /** Makes sure that what a refresh of these tokens brings can be kept, until it is released. */
  reserve(tokens: TokenSet): Promise<() => Promise<void>>;
  /** Keeps tokens where they are kept already. */
  write(tokens: TokenSet): Promise<StoreName>;
  /** Keeps tokens of a new sign-in, choosing the store anew. */
  place(tokens: TokenSet): Promise<StoreName>;
  /** Keeps a secret written as `{keyring}`, for every profile of this client. */
  keepSecret(key: SecretKey, value: string): Promise<StoreName>;
  storedSecret(key: SecretKey): Promise<string | undefined>;
  /** Takes this for the client's secret from now on, without keeping it: the provider may refuse it. */
  tryOut(client_secret: string): void;
  /** Forgets the tokens. True if there were some. */
  forget(): Promise<boolean>;
  /** Forgets what the client proves itself with. True if there was something. */
  forgetSecrets(): Promise<boolean>;
}

/**
 * The secrets of a profile that may be kept in the store: its client's, and what the client's registration is managed with
 * (RFC 7592), as JSON. A static key is kept as the token itself.
 */
const SECRET_KEYS = ["client_secret", "registration"] as const;
export type SecretKey = (typeof SECRET_KEYS)[number];

/** The profile the command line, the environment or the files select. */
export async function selectProfile(context: Context, options: GlobalOptions): Promise<Profile> {
  return (await openConfig(context, options)).profile(options.profile);
}

/** `interactive`: whether a desktop may ask the person to unlock the keyring; left out where nobody is to be told anything either. */
export function accessProfile(context: Context, profile: Profile, interactive?: boolean): ProfileAccess {
  const notice = (sentence: string): void =>
    interactive === undefined ? undefined : tell(context, sentence);
  const store = context.tokenStore(profile.store, { interactive: interactive === true, notice });
  const { redactor } = context;
  const secretAccount = (key: SecretKey): string => `${clientAccountOf(profile)}.${key}`;
  /** Where earlier versions kept it. */
  const formerAccount = (key: SecretKey): string => `${profile.account}.${key}`;
  let tried: string | undefined;

  const keepSecret = async (key: SecretKey, value: string): Promise<StoreName> => {
    redactor.add(value);
    return await store.place(secretAccount(key), value);
  };
  const storedSecret = async (key: SecretKey): Promise<string | undefined> => {
    const kept = await store.get(secretAccount(key));
    const former = kept ? undefined : await store.get(formerAccount(key));
    if (former) {
      await keepSecret(key, former.text);
      await store.delete(formerAccount(key));
    }
    const secret = (kept ?? former)?.text;
    redactor.add(secret);
    return secret;
  };
  const resolve = async (key: ReferenceKey): Promise<string | undefined> => {
    const reference: AnyReference | undefined = profile[key];
    if (reference === undefined || reference.from === "github_actions") return undefined;
    let value: string | undefined;
    if (reference.from === "command") value = await outputOf(key, reference.argv, profile.timeout, context);
    else if (reference.from !== "keyring") value = resolveReference(reference, key, context);
    // A static key is kept as the token itself.
    else if (key === "key") value = (await read())?.tokens.access_token;
    else value = tried ?? (await storedSecret("client_secret"));
    if (REFERENCES[key].is_secret) redactor.add(value);
    return value;
  };
  const secrets = Object.fromEntries(REFERENCE_KEYS.map((key) => [key, () => resolve(key)])) as Secrets;
  let diversion = diversionOf(profile);
  const tellDiversion = (): void => {
    if (diversion !== undefined) tell(context, diversion);
    diversion = undefined;
  };
  const remember = (tokens: TokenSet): void => {
    for (const secret of [tokens.access_token, tokens.refresh_token, tokens.id_token]) redactor.add(secret);
    redactor.add(/"d":"([^"]+)"/.exec(tokens.dpop_key ?? "")?.[1]);
  };
  const read: ProfileAccess["read"] = async () => {
    const kept = await store.get(profile.account);
    if (kept === undefined) {
      tellDiversion();
      return undefined;
    }
    const tokens = fromRecord(kept.text);
    if (!tokens) {
      throw new OidcTokenError(
        "store",
        `what the ${kept.store} store holds for profile "${profile.name}" cannot be read`,
        `run: ${profile.flow[0] === "static_key" ? "" : `${commandOn(profile, "logout --local")}, then `}${commandOn(profile)}`,
      );
    }
    remember(tokens);
    return { tokens, store: kept.store };
  };
  const keep = async (how: "set" | "place", tokens: TokenSet): Promise<StoreName> => {
    remember(tokens);
    return await store[how](profile.account, toRecord(tokens));
  };
  let grants: Promise<Grants> | undefined;

  return {
    profile,
    secrets,
    grants: () => {
      grants ??= context.grants(profile, secrets);
      return grants;
    },
    read,
    reserve: (tokens) => store.reserve(profile.account, toRecord(tokens)),
    write: (tokens) => keep("set", tokens),
    place: (tokens) => keep("place", tokens),
    keepSecret,
    storedSecret,
    tryOut: (client_secret) => {
      redactor.add(client_secret);
      tried = client_secret;
    },
    forget: () => store.delete(profile.account),
    forgetSecrets: async () => {
      let forgotten = false;
      if (profile.client_secret?.from !== "keyring") return forgotten;
      for (const account of SECRET_KEYS.flatMap((key) => [secretAccount(key), formerAccount(key)])) {
        forgotten = (await store.delete(account)) || forgotten;
      }
      return forgotten;
    },
  };
}

/** The error where nothing is stored that could be used: exit 3, naming the exact command. */
export function signInNeeded(profile: Profile, reason?: string): OidcTokenError {
  const why =
    reason === undefined
      ? `not signed in to profile "${profile.name}"`
      : `the session of profile "${profile.name}" has ended: ${reason}`;
  const { diverted_by } = profile;
  // Who did not set the variable must not sign in at the address it names.
  const first = diverted_by ? `unset ${diverted_by.join(" and ")} unless that was you, else ` : "";
  return new OidcTokenError("sign_in_needed", why, `${first}run: ${commandOn(profile)}`);
}
