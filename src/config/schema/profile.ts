import * as v from "valibot";
import { FLOWS, PROFILE_NAME } from "../../profile.js";
import { PRESET_NAMES } from "../../providers/index.js";
import { CONTROL_CHARACTER } from "../../text.js";
import { networkEntries } from "./network.js";
import {
  notList,
  obeys,
  oneOf,
  oneOrMany,
  parameters,
  seconds,
  secret,
  string,
  text,
  tokens,
  toList,
  url,
} from "./parts.js";
import { proofEntries } from "./proof.js";
import {
  fieldNameComplaint,
  originComplaint,
  redirectComplaint,
  resourceComplaint,
  scopeComplaint,
} from "./rules.js";

/** The keys of `endpoints`, in the names of RFC 8414 §2. */
export const endpointEntries = {
  authorization_endpoint: v.exactOptional(v.pipe(url(), v.description("Where the browser signs in."))),
  token_endpoint: v.exactOptional(v.pipe(url(), v.description("Where tokens are issued and refreshed."))),
  device_authorization_endpoint: v.exactOptional(
    v.pipe(url(), v.description("Where a device sign-in begins (RFC 8628).")),
  ),
  revocation_endpoint: v.exactOptional(v.pipe(url(), v.description("Where `logout` revokes (RFC 7009)."))),
  jwks_uri: v.exactOptional(v.pipe(url(), v.description("The provider's public keys."))),
};

/** The keys of a profile. None has a default here: completeProfile applies them after all layers are merged. */
export const profileEntries = {
  preset: v.exactOptional(
    v.pipe(
      oneOf(PRESET_NAMES),
      v.description(
        "What is known of the provider: its endpoints, its quirks, and defaults for what the profile does not say. Default: recognised from the issuer.",
      ),
    ),
  ),
  issuer: v.exactOptional(
    v.pipe(
      url(),
      v.description(
        "The provider's issuer URL, exactly as in its metadata (a slash at the end counts). Endpoints are discovered from it.",
      ),
    ),
  ),
  flow: v.exactOptional(
    v.pipe(
      oneOrMany(oneOf(FLOWS)),
      v.check((value) => value.length > 0, "must name at least one flow"),
      v.description(
        'How a token is got: one flow, or a list of which the first that can work here is taken. Default: ["authorization_code", "device_code"] with an issuer (with a subject_token "token_exchange", with an assertion "jwt_bearer"), "static_key" with only a key.',
      ),
      toList<(typeof FLOWS)[number]>(),
    ),
  ),
  client_id: v.exactOptional(
    v.pipe(text(), v.description("The client's id, as registered at the provider.")),
  ),
  ...proofEntries,
  redirect_uri: v.exactOptional(
    v.pipe(
      string(),
      obeys(redirectComplaint),
      v.examples(["http://localhost:8888/callback"]),
      v.description(
        "Where the browser comes back to after signing in, exactly as registered: http on this machine, with a path. Without a port a free one is taken.",
      ),
    ),
  ),
  scope: v.exactOptional(
    v.pipe(
      string(),
      obeys(scopeComplaint),
      v.examples(["openid profile offline_access"]),
      v.description(
        "The scopes asked for, with spaces between. `offline_access` gets a refresh token at many providers.",
      ),
      v.transform((value) => value.trim().replace(/ +/g, " ")),
    ),
  ),
  audience: v.exactOptional(
    v.pipe(text(), v.description("The `audience` parameter, for providers that know it (Auth0, say).")),
  ),
  resource: v.exactOptional(
    v.pipe(
      oneOrMany(v.pipe(string(), obeys(resourceComplaint))),
      v.description("The resource the token is for, one URI or a list (RFC 8707)."),
      toList<string>(),
    ),
  ),
  authorization_params: v.exactOptional(
    v.pipe(parameters(), v.description("Further parameters of the authorization and the device request.")),
  ),
  token_params: v.exactOptional(
    v.pipe(parameters(), v.description("Further parameters of every request to the token endpoint.")),
  ),
  endpoints: v.exactOptional(
    v.pipe(
      notList(v.strictObject(endpointEntries, "must be an object of endpoint URLs")),
      v.description("Endpoints; each overrides what discovery says."),
    ),
  ),
  id_token: v.exactOptional(
    v.pipe(
      oneOf(["verify", "ignore"]),
      v.description('"ignore" drops the ID token of a provider that issues a broken one. Default: "verify".'),
    ),
  ),
  refresh_before: v.exactOptional(
    v.pipe(
      seconds(0, 86_400),
      v.description(
        "Seconds before its expiry at which a token is refreshed, at most a quarter of its lifetime. Default: 300.",
      ),
    ),
  ),
  key: v.exactOptional(
    v.pipe(
      secret(),
      v.description("The key of the static_key flow. Default: {keyring}, asked for once at login."),
    ),
  ),
  header: v.exactOptional(
    v.pipe(
      string(),
      obeys(fieldNameComplaint),
      v.examples(["x-api-key"]),
      v.description("The HTTP header that carries the token. Default: Authorization."),
    ),
  ),
  header_scheme: v.exactOptional(
    v.pipe(
      string(),
      v.check(
        (value) => !CONTROL_CHARACTER.test(value),
        "must not contain control characters or line breaks\nwrite one word, or an empty string for none",
      ),
      v.description('Put before the token in the header. Default: "Bearer" for Authorization, else nothing.'),
      v.transform((value) => value.trim()),
    ),
  ),
  base_url: v.exactOptional(
    v.pipe(
      url(),
      v.examples(["https://llm.example.com/v1"]),
      v.description(
        "The address of the service the token is for: the API's root, for OpenCode and `models`.",
      ),
    ),
  ),
  allowed_origins: v.exactOptional(
    v.pipe(
      oneOrMany(v.pipe(string(), obeys(originComplaint))),
      v.description(
        "The origins (scheme, host, port) the token may be sent to. Default: the origin of base_url.",
      ),
      toList<string>(),
      v.transform((origins) => origins.map((origin) => new URL(origin).origin)),
    ),
  ),
  provider: v.exactOptional(
    v.pipe(
      string(),
      v.regex(
        PROFILE_NAME,
        "must be letters, digits, dots, underscores and hyphens, at most 64\nwrite a short id, as OpenCode shows it before a model's name",
      ),
      v.description("The provider's id in OpenCode. Default: the profile's name."),
    ),
  ),
  models: v.exactOptional(
    v.pipe(
      notList(
        v.record(
          text(),
          notList(
            v.looseObject(
              {
                name: v.exactOptional(v.pipe(text(), v.description("The name shown to people."))),
                limit: v.exactOptional(
                  notList(
                    v.looseObject(
                      { context: tokens(), output: tokens() },
                      'must be an object with "context" and "output"',
                    ),
                  ),
                ),
              },
              "must be an object with what is known of the model",
            ),
          ),
          "must be an object, a model's id before each entry",
        ),
      ),
      v.description(
        "The models behind base_url by id, for OpenCode: name, limit (tokens) and other metadata.",
      ),
    ),
  ),
  ...networkEntries,
};

/** What one profile says, in one place, before anything is merged. */
export type ProfileValues = v.InferOutput<v.StrictObjectSchema<typeof profileEntries, undefined>>;
export type ProfileKey = keyof typeof profileEntries;
export const PROFILE_KEYS = Object.keys(profileEntries) as ProfileKey[];
