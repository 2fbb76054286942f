import { given } from "../given.js";
import type { Environment, Paths } from "../paths.js";
import type { Profile } from "../profile.js";
import { unattendedFlow } from "../token/choose-flow.js";
import { type Snapshot, snapshotKey, writeSnapshot } from "./snapshot.js";

/** A call, as its next one will be known again. */
export interface Call {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly cwd: string;
  readonly paths: Pick<Paths, "config" | "cache">;
}

/** What the configuration was read from, and when reading it began, in milliseconds since the epoch. */
export interface ReadFrom {
  readonly files: readonly string[];
  readonly read_at: number;
}

/** Lets the next call with the same command line take the hot path. */
export function rememberCall(
  { argv, env, cwd, paths }: Call,
  profile: Profile,
  asked: Pick<Snapshot, "format" | "id_token"> & {
    readonly min_validity?: number | undefined;
    readonly fresh_on_repeat?: boolean;
  },
  { files, read_at }: ReadFrom,
): void {
  const call = snapshotKey(argv, env, cwd, paths.config);
  const { account, store, header, header_scheme, refresh_before, key, allowed_origins } = profile;
  if (call === undefined || key?.from === "plain") return;
  const { format, id_token, min_validity, fresh_on_repeat } = asked;
  writeSnapshot(paths.cache, call, files, read_at, {
    ...{ account, store, header, header_scheme, refresh_before, format, id_token, allowed_origins },
    ...given({ min_validity, key: key?.from === "env" || key?.from === "file" ? key : undefined }),
    ...(fresh_on_repeat && { fresh_on_repeat }),
    unattended: unattendedFlow(profile.flow) !== undefined,
  });
}
