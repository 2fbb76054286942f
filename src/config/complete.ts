import { OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import { type ClientAuth, type Flow, isAttended, type Profile, variableOf } from "../profile.js";
import { type Preset, presetFor, presetNamed } from "../providers/index.js";
import { quote } from "../text.js";
import { accountOf } from "./identity.js";
import type { ProfileKey, ProfileValues } from "./schema/profile.js";

/** Facts about a profile that no layer holds. */
export interface ProfileFrame
  extends Pick<Profile, "name" | "store" | "is_default" | "diverted_by" | "project" | "config"> {
  /** `file:line:column` where the profile begins; undefined where it comes from the environment alone. */
  readonly at: string | undefined;
}

const REFRESH_BEFORE = 300;
const TIMEOUT = 10;

/**
 * A whole profile: layers merged (the first that has a key wins), defaults applied, keys checked against each other,
 * frozen. Throws an OidcTokenError of kind `configuration`.
 */
export function completeProfile(frame: ProfileFrame, layers: readonly ProfileValues[]): Profile {
  const said: ProfileValues = Object.assign({}, ...layers.toReversed());
  const preset = presetNamed(said.preset) ?? presetFor(said.issuer);
  const values: ProfileValues = { ...defaultsOf(preset, said), ...said };
  const fail = (sentence: string, hint: string) => {
    const place = frame.at === undefined ? "" : `${frame.at}: `;
    return new OidcTokenError("configuration", `${place}profile ${quote(frame.name)} ${sentence}`, hint);
  };
  const flow = values.flow ? [...new Set(values.flow)] : defaultFlow(values, fail);
  if (flow.includes("static_key") && flow.length > 1) {
    throw fail(
      'lists "static_key" beside other flows',
      "a static key leaves nothing to sign in for: make it a profile of its own",
    );
  }
  for (const each of flow) checkNeeds(each, values, fail);
  if (values.dpop && !flow.some(isAttended)) {
    throw fail(
      `has "dpop", but with the flow ${flow.join(" ")} there is no refresh token that could be bound to a key`,
      'take "dpop" out; it is for a person\'s sign-in: "authorization_code" or "device_code"',
    );
  }
  const client_auth = clientAuthOf(values, fail);

  const header = values.header ?? "Authorization";
  const { name, store, is_default, diverted_by, project, config } = frame;
  const allowed_origins = originsOf(values, fail);
  const key = flow.includes("static_key") ? (values.key ?? ({ from: "keyring" } as const)) : values.key;
  const complete: Omit<Profile, "account"> = {
    resource: [],
    authorization_params: {},
    token_params: {},
    endpoints: {},
    models: {},
    api: ["openai"],
    id_token: "verify",
    refresh_before: REFRESH_BEFORE,
    timeout: TIMEOUT,
    header_scheme: header.toLowerCase() === "authorization" ? "Bearer" : "",
    provider: name,
    agent: "refuse",
    mcp: false,
    ...values,
    ...(key && { key }),
    ...(client_auth && { client_auth }),
    preset: preset.name,
    name,
    store,
    is_default,
    ...given({ diverted_by, project, config }),
    flow,
    header,
    allowed_origins,
  };
  return deepFreeze({ ...complete, account: accountOf(complete) });
}

/** The last layer: what the preset says where the user says nothing. */
function defaultsOf(preset: Preset, said: ProfileValues): ProfileValues {
  const { flow, scope, redirect_uri, client_auth, client_assertion_audience, ...defaults } = preset.defaults;
  // Either names the flow by itself.
  const unattended = said.subject_token ?? said.assertion;
  const flows = said.flow ?? (unattended ? [] : (flow ?? ["authorization_code"]));
  // Providers refuse openid and offline_access to a client that signs nobody in.
  const attended = flows.some(isAttended);
  return {
    ...defaults,
    ...(flow && attended && { flow: [...flow] }),
    ...(scope !== undefined && attended && { scope }),
    ...(redirect_uri !== undefined && attended && { redirect_uri }),
    ...(client_auth && said.client_secret && { client_auth }),
    ...(client_assertion_audience && said.private_key && { client_assertion_audience }),
  };
}

type Fail = (sentence: string, hint: string) => OidcTokenError;

function defaultFlow(values: ProfileValues, fail: Fail): Flow[] {
  if (values.issuer !== undefined && values.key) {
    throw fail('has both "issuer" and "key", so "flow" must say which of them counts', 'set "flow"');
  }
  if (values.subject_token && values.assertion) {
    throw fail(
      'has both "subject_token" and "assertion", so "flow" must say which of them counts',
      'set "flow"',
    );
  }
  if (values.subject_token) return ["token_exchange"];
  if (values.assertion) return ["jwt_bearer"];
  if (values.issuer !== undefined) return ["authorization_code", "device_code"];
  if (values.key) return ["static_key"];
  const { endpoints } = values;
  const flows: Flow[] = [];
  if (endpoints?.authorization_endpoint !== undefined) flows.push("authorization_code");
  if (endpoints?.device_authorization_endpoint !== undefined) flows.push("device_code");
  if (flows.length > 0) return flows;
  throw fail(
    'says neither where to sign in ("issuer") nor which key to use ("key")',
    `${add("issuer")}, or ${add("key")}`,
  );
}

/** The endpoints a flow cannot do without where no issuer is there to discover them from. */
const ENDPOINTS_NEEDED = {
  authorization_code: ["authorization_endpoint", "token_endpoint"],
  device_code: ["device_authorization_endpoint", "token_endpoint"],
  client_credentials: ["token_endpoint"],
  token_exchange: ["token_endpoint"],
  jwt_bearer: ["token_endpoint"],
} as const;

function checkNeeds(flow: Flow, values: ProfileValues, fail: Fail): void {
  if (flow === "static_key") return;
  const missing = ENDPOINTS_NEEDED[flow].filter((endpoint) => values.endpoints?.[endpoint] === undefined);
  if (values.issuer === undefined && missing.length > 0) {
    const list = missing.map((endpoint) => `"${endpoint}"`).join(" and ");
    throw fail(
      `needs "issuer" for the flow ${flow}`,
      `${add("issuer")}; a provider without discovery needs ${list} in "endpoints" instead`,
    );
  }
  // RFC 8693 §2.1, RFC 7523 §3.1: the token itself may be all the provider needs to know the client by.
  if (flow === "token_exchange" || flow === "jwt_bearer") {
    const key = flow === "token_exchange" ? "subject_token" : "assertion";
    if (!values[key]) throw fail(`needs "${key}" for the flow ${flow}`, add(key));
    return;
  }
  if (values.client_id === undefined) throw fail(`needs "client_id" for the flow ${flow}`, add("client_id"));
  const proves_itself = values.client_secret ?? values.private_key ?? values.client_cert;
  if (flow === "client_credentials" && !proves_itself) {
    throw fail(
      `needs "client_secret" for the flow ${flow}`,
      `${add("client_secret")}; a client without a secret needs "private_key", or "client_cert" and "client_key"`,
    );
  }
}

/** The keys that each way of client authentication proves the client with. */
const PROOF_KEYS = {
  client_secret_basic: ["client_secret"],
  client_secret_post: ["client_secret"],
  private_key_jwt: ["private_key"],
  tls_client_auth: ["client_cert"],
  self_signed_tls_client_auth: ["client_cert"],
  none: [],
} as const satisfies Record<ClientAuth, readonly ProfileKey[]>;

function clientAuthOf(values: ProfileValues, fail: Fail): ClientAuth | undefined {
  for (const [one, other] of [
    ["client_cert", "client_key"],
    ["client_key", "client_cert"],
  ] as const) {
    if (values[one] && !values[other]) throw fail(`has "${one}" but no "${other}"`, add(other));
  }
  if (values.private_key && values.client_secret) {
    throw fail(
      'has both "client_secret" and "private_key"',
      "leave out one of the two: the provider knows this client by either",
    );
  }
  const { client_auth = values.private_key ? "private_key_jwt" : undefined } = values;
  if (client_auth === undefined) return undefined;
  const needed: readonly ProfileKey[] = PROOF_KEYS[client_auth];
  for (const key of needed) {
    if (!values[key]) throw fail(`needs "${key}" for "client_auth": "${client_auth}"`, add(key));
  }
  for (const key of ["client_secret", "private_key"] as const) {
    if (!values[key] || needed.includes(key)) continue;
    throw fail(
      `has a "${key}", but "client_auth" is "${client_auth}", which ${client_auth === "none" ? "sends no secret" : "does not use it"}`,
      `leave out one of the two; ${USED_BY[key]}`,
    );
  }
  return client_auth;
}

const USED_BY = {
  client_secret: '"client_secret_basic" and "client_secret_post" send it',
  private_key: '"private_key_jwt" signs with it',
};

function originsOf(values: ProfileValues, fail: Fail): string[] {
  const origin = values.base_url === undefined ? undefined : new URL(values.base_url).origin;
  if (!values.allowed_origins) return origin === undefined ? [] : [origin];
  const origins = [...new Set(values.allowed_origins)];
  if (origin !== undefined && !origins.includes(origin)) {
    throw fail(
      'does not list the origin of its own "base_url" in "allowed_origins"',
      `add "${origin}" to "allowed_origins", or leave that key out`,
    );
  }
  return origins;
}

function add(key: ProfileKey): string {
  return `add "${key}" to the profile, or set ${variableOf(key)}`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
