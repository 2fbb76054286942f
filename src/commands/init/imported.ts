import type { ProfileEntry } from "../../config/add-profiles.js";

/** What another plugin was told, as a profile. */
export interface Imported {
  /** The file or the variables it came from, for the person. */
  readonly source: string;
  /** It was found in the current folder, so it may be somebody else's. */
  readonly from_project: boolean;
  readonly entry: ProfileEntry;
  /** A secret that stood there plainly. It goes to the token store, never into a file of ours. */
  readonly client_secret?: string;
  /** How the old plugin is called in OpenCode's configuration. */
  readonly old_plugin: RegExp;
  /** What else the person should know, in sentences. */
  readonly notes: readonly string[];
}

/** Without it most providers give no refresh token, and every expiry asks for the person again. */
export function refreshNote(scope: string | undefined): readonly string[] {
  if (scope === undefined || scope.split(/\s+/).includes("offline_access")) return [];
  return ['"scope" has no offline_access: without it you may have to sign in again at every expiry'];
}
