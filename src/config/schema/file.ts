import * as v from "valibot";
import { PROFILE_NAME, STORE_CHOICES } from "../../profile.js";
import { keys, notList, oneOf, string } from "./parts.js";
import { profileEntries } from "./profile.js";

const SCHEMA_TEXT = "The path `oidc-token config schema --path` prints, for editors.";
const PROFILES_TEXT = "The profiles by name.";
const profileName = v.pipe(
  string(),
  v.regex(
    PROFILE_NAME,
    'must start with a letter or digit and go on with letters, digits, dots, underscores or hyphens, at most 64 in all\nchoose a name such as "work"',
  ),
);
const profile = v.pipe(
  notList(v.strictObject(profileEntries, "must be an object")),
  v.description("How to get a token from one provider for one service."),
);
const profiles = notList(
  v.record(profileName, profile, "must be an object, a profile's name before each entry"),
);

/** The keys of the file itself. */
export const fileEntries = keys(
  {
    $schema: string(),
    default_profile: profileName,
    store: oneOf(STORE_CHOICES),
    profiles,
  },
  {
    $schema: SCHEMA_TEXT,
    default_profile: "The profile used where none is named. Not needed with only one profile.",
    store:
      'Where tokens are kept: the OS keyring, a file, or (default) "auto", the keyring where one answers.',
    profiles: PROFILES_TEXT,
  },
);

/** The user's configuration file (DESIGN §3). */
export const fileSchema = notList(v.strictObject(fileEntries, "must be an object, written in braces"));

/** A project's own file: it may select a profile, and define some once it is trusted. */
export const projectEntries = keys(
  { $schema: string(), default_profile: profileName, profiles },
  {
    $schema: SCHEMA_TEXT,
    default_profile: "The profile to use in this project.",
    profiles: PROFILES_TEXT,
  },
);
export const projectSchema = notList(v.strictObject(projectEntries, "must be an object, written in braces"));
