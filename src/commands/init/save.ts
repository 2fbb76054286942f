import type { GlobalOptions } from "../../arguments.js";
import { addProfiles, type ProfileEntry } from "../../config/add-profiles.js";
import { configPath } from "../../config/load.js";
import { writeSchemaCopy } from "../../config/schema/copy.js";
import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { holdLock } from "../../session/hold-lock.js";
import { tell } from "../../terminal/tell.js";
import { quote } from "../../text.js";

/** Seconds to wait for another `init`. */
const LOCK_TIMEOUT = 10;

export interface SaveOptions extends GlobalOptions {
  /** Make the profile the file's `default_profile`. */
  readonly default?: boolean;
  /** Replace what stands there under the same name. */
  readonly force?: boolean;
}

/** Writes profiles into the user's configuration file, tells on stderr what was done, and answers the file's path. */
export async function saveProfiles(
  context: Context,
  options: SaveOptions,
  profiles: readonly ProfileEntry[],
): Promise<string> {
  const path = configPath(context, options);
  const [first, ...more] = profiles;
  if (options.default && more.length > 0) {
    throw new OidcTokenError(
      "usage",
      "--default is for one profile, and there is more than one here",
      'leave it out, and write "default_profile" into the file afterwards',
    );
  }
  const changed = await holdLock(
    context,
    "config",
    LOCK_TIMEOUT,
    async () =>
      addProfiles(path, context.paths.home, {
        profiles,
        ...(options.default && first && { default_profile: first.name }),
        replace: options.force === true,
        schema: () => schemaFor(context),
      }),
    "the configuration file",
  );
  for (const name of changed.written) tell(context, `profile ${quote(name)} written`);
  for (const name of changed.unchanged) tell(context, `profile ${quote(name)} was there already, just so`);
  if (changed.kept_default !== undefined) {
    tell(
      context,
      `${quote(changed.kept_default)} stays the profile used where none is named ("default_profile"); --default would change that`,
    );
  }
  if (changed.needs_default) {
    tell(context, '"default_profile" is not set: name the profile each time, or set it in the file');
  }
  return path;
}

/** A file without `$schema` is as good, but for the help an editor gives. */
function schemaFor(context: Context): string | undefined {
  try {
    return writeSchemaCopy(context.paths.data);
  } catch (error) {
    if (error instanceof OidcTokenError) return undefined;
    throw error;
  }
}
