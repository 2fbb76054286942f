import * as v from "valibot";
import { PROFILE_NAME, STORE_CHOICES } from "../../profile.js";
import { notList, oneOf, string } from "./parts.js";
import { profileEntries } from "./profile.js";

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
