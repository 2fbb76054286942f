import * as v from "valibot";
import {
  AGENT_CHOICES,
  APIS,
  ASSERTION_AUDIENCES,
  CLIENT_AUTHS,
  ENDPOINTS,
  FLOWS,
  PROFILE_NAME,
} from "../../profile.js";
import { PRESET_NAMES } from "../../providers/index.js";
import { CONTROL_CHARACTER } from "../../text.js";
import { ENDPOINT_TEXTS, PROFILE_TEXTS } from "./descriptions.js";
import {
  keys,
  notList,
  oneOf,
  oneOrMany,
  parameters,
  reference,
  ruled,
  seconds,
  string,
  text,
  url,
} from "./parts.js";
import {
  fieldNameComplaint,
  originComplaint,
  proxyComplaint,
  redirectComplaint,
  resourceComplaint,
  scopeComplaint,
} from "./rules.js";

type EndpointUrls = Record<(typeof ENDPOINTS)[number], ReturnType<typeof url>>;

/** The keys of `endpoints`. */
export const endpointEntries = keys(
  Object.fromEntries(ENDPOINTS.map((name) => [name, url()])) as EndpointUrls,
  ENDPOINT_TEXTS,
);

const tokens = () =>
  v.pipe(
    v.number("must be a number\nwrite it in digits, without quotes"),
    v.integer("must be a whole number\nwrite it in digits, without quotes"),
  );
const limit = v.looseObject(
  { context: v.exactOptional(tokens()), output: v.exactOptional(tokens()) },
  'must be an object with "context" and "output"',
);
const model = v.looseObject(
  keys({ name: text(), limit: notList(limit) }, { name: "The name shown to people.", limit: "In tokens." }),
  "must be an object with what is known of the model",
);

/** The keys of a profile. None has a default here: completeProfile applies them after all layers are merged. */
export const profileEntries = keys(
  {
    preset: oneOf(PRESET_NAMES),
    issuer: url(),
    flow: v.pipe(
      oneOrMany(oneOf(FLOWS)),
      v.check((value) => value.length > 0, "must name at least one flow"),
    ),
    client_id: text(),
    client_secret: reference("secret"),
    client_auth: oneOf(CLIENT_AUTHS),
    private_key: reference("key"),
    private_key_id: text(),
    client_assertion_audience: oneOf(ASSERTION_AUDIENCES),
    client_cert: reference("key"),
    client_key: reference("key"),
    subject_token: reference("token"),
    subject_token_type: text(),
    requested_token_type: text(),
    assertion: reference("token"),
    dpop: v.boolean("must be true or false\nwrite it without quotes"),
    redirect_uri: ruled(redirectComplaint, "http://localhost:8888/callback"),
    scope: v.pipe(
      ruled(scopeComplaint, "openid profile offline_access"),
      v.transform((value) => value.trim().replace(/ +/g, " ")),
    ),
    audience: text(),
    resource: oneOrMany(ruled(resourceComplaint, "https://api.example.com")),
    authorization_params: parameters(),
    token_params: parameters(),
    endpoints: notList(v.strictObject(endpointEntries, "must be an object of endpoint URLs")),
    id_token: oneOf(["verify", "ignore"]),
    refresh_before: seconds(0, 86_400),
    key: reference("secret"),
    header: ruled(fieldNameComplaint, "x-api-key"),
    header_scheme: v.pipe(
      string(),
      v.check(
        (value) => !CONTROL_CHARACTER.test(value),
        "must not contain control characters or line breaks\nwrite one word, or an empty string for none",
      ),
      v.transform((value) => value.trim()),
    ),
    api: oneOrMany(oneOf(APIS)),
    base_url: v.pipe(url(), v.examples(["https://llm.example.com/v1"])),
    allowed_origins: v.pipe(
      oneOrMany(ruled(originComplaint, "https://llm.example.com")),
      v.transform((origins) => origins.map((origin) => new URL(origin).origin)),
    ),
    provider: v.pipe(
      string(),
      v.regex(
        PROFILE_NAME,
        "must be letters, digits, dots, underscores and hyphens, at most 64\nwrite a short id, as OpenCode shows it before a model's name",
      ),
    ),
    models: notList(v.record(text(), notList(model), "must be an object, a model's id before each entry")),
    mcp: v.boolean("must be true or false\nwrite it without quotes"),
    agent: oneOf(AGENT_CHOICES),
    timeout: seconds(1, 600),
    ca_file: v.pipe(text(), v.examples(["~/company-ca.pem"])),
    proxy: ruled(proxyComplaint, "http://proxy.example.com:3128"),
  },
  PROFILE_TEXTS,
);

/** What one source says of a profile, before anything is merged. */
export type ProfileValues = v.InferOutput<v.StrictObjectSchema<typeof profileEntries, undefined>>;
export type ProfileKey = keyof typeof profileEntries;
export const PROFILE_KEYS = Object.keys(profileEntries) as ProfileKey[];
