import * as v from "valibot";
import { CLIENT_AUTHS, FLOWS, PROFILE_NAME, STORE_CHOICES } from "./profile.js";
import {
  fieldNameComplaint,
  originComplaint,
  redirectComplaint,
  resourceComplaint,
  scopeComplaint,
  urlComplaint,
} from "./rules.js";
import { CONTROL_CHARACTER, type Complaint, parseSecretReference } from "./secret-reference.js";

/** A Complaint as the message of a Valibot issue: the hint stands on the second line. */
function obeys(rule: (value: string) => Complaint | undefined) {
  return v.rawCheck<string>(({ dataset, addIssue }) => {
    const complaint = dataset.typed ? rule(dataset.value) : undefined;
    if (complaint) addIssue({ message: `${complaint.sentence}\n${complaint.hint}` });
  });
}

/** Valibot takes a list for an object; a configuration file must not. */
function notList<T extends v.GenericSchema>(schema: T): T {
  const run: T["~run"] = (dataset, config) =>
    schema["~run"](Array.isArray(dataset.value) ? { value: undefined } : dataset, config);
  return { ...schema, "~run": run };
}

function oneOf<const T extends readonly string[]>(choices: T) {
  return v.picklist(choices, `must be one of ${choices.map((choice) => `"${choice}"`).join(", ")}`);
}

function oneOrMany<T extends v.GenericSchema<string, string>>(item: T) {
  return v.union([item, v.array(item)], "must be a string or a list of strings");
}

function toList<T>() {
  return v.transform((value: T | T[]): T[] => (Array.isArray(value) ? value : [value]));
}

const string = () => v.string("must be a string");
const text = () =>
  v.pipe(
    string(),
    v.nonEmpty("must not be empty\ngive it a value or leave the key out"),
    v.check(
      (value) => !CONTROL_CHARACTER.test(value),
      "must not contain control characters or line breaks\nlook for a stray line break",
    ),
  );
const url = () => v.pipe(string(), obeys(urlComplaint), v.metadata({ format: "uri" }));
const secret = () =>
  v.pipe(
    string(),
    obeys((value) => {
      const parsed = parseSecretReference(value);
      return "sentence" in parsed ? parsed : undefined;
    }),
    v.examples(["{env:NAME}", "{file:~/path}", "{keyring}"]),
  );
const seconds = (least: number, most: number) => {
  const message = `must be a whole number of seconds from ${least} to ${most}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
};
const parameters = () =>
  notList(v.record(text(), string(), "must be an object of strings, a parameter's name before each"));
const tokens = () =>
  v.exactOptional(v.pipe(v.number("must be a number"), v.integer("must be a whole number")));

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
        'How a token is got: one flow, or a list of which the first that can work here is taken. Default: ["authorization_code", "device_code"] with an issuer, "static_key" with only a key.',
      ),
      toList<(typeof FLOWS)[number]>(),
    ),
  ),
  client_id: v.exactOptional(
    v.pipe(text(), v.description("The client's id, as registered at the provider.")),
  ),
  client_secret: v.exactOptional(
    v.pipe(
      secret(),
      v.description(
        "The client's secret: {env:NAME}, {file:~/path}, {keyring} (asked for once at login), or plainly. Leave it out for a public client.",
      ),
    ),
  ),
  client_auth: v.exactOptional(
    v.pipe(
      oneOf(CLIENT_AUTHS),
      v.description(
        "How the client authenticates at the token endpoint. Default: what the provider supports, or none without a secret.",
      ),
    ),
  ),
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
  timeout: v.exactOptional(
    v.pipe(seconds(1, 600), v.description("Seconds one request to the provider may take. Default: 10.")),
  ),
};

const schemaReference = v.exactOptional(
  v.pipe(string(), v.description("The path `oidc-token config schema --path` prints, for editors.")),
);
const profileName = v.pipe(
  string(),
  v.regex(
    PROFILE_NAME,
    'must start with a letter or digit and go on with letters, digits, dots, underscores or hyphens, at most 64 in all\nchoose a name such as "work"',
  ),
);

/** The keys of the file itself. */
export const fileEntries = {
  $schema: schemaReference,
  default_profile: v.exactOptional(
    v.pipe(
      profileName,
      v.description("The profile used where none is named. Not needed with only one profile."),
    ),
  ),
  store: v.exactOptional(
    v.pipe(
      oneOf(STORE_CHOICES),
      v.description(
        'Where tokens are kept: the OS keyring, a file, or (default) "auto", the keyring where one answers.',
      ),
    ),
  ),
  profiles: v.exactOptional(
    v.pipe(
      notList(
        v.record(
          profileName,
          v.pipe(
            notList(v.strictObject(profileEntries, "must be an object")),
            v.description("How to get a token from one provider for one service."),
          ),
          "must be an object, a profile's name before each entry",
        ),
      ),
      v.description("The profiles by name."),
    ),
  ),
};

/** The user's configuration file (DESIGN §3). */
export const fileSchema = notList(v.strictObject(fileEntries, "must be an object, written in braces"));

/** A project's own file: it may select a profile, nothing else. */
export const projectEntries = {
  $schema: schemaReference,
  default_profile: v.exactOptional(v.pipe(profileName, v.description("The profile to use in this project."))),
};
export const projectSchema = notList(v.strictObject(projectEntries, "must be an object, written in braces"));

/** What one profile says, in one place, before anything is merged. */
export type ProfileValues = v.InferOutput<v.StrictObjectSchema<typeof profileEntries, undefined>>;
export type ProfileKey = keyof typeof profileEntries;
export const PROFILE_KEYS = Object.keys(profileEntries) as ProfileKey[];
