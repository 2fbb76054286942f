import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../context.js";
import { isOidcTokenError } from "../../errors.js";
import { fileError } from "../../files/file-error.js";
import { ensurePrivateFolder } from "../../files/folder.js";
import { removeQuietly, replaceFile } from "../../files/replace.js";
import type { ProfileAccess } from "../../session/access.js";
import { obtain } from "../../session/obtain.js";
import { secondsLeft } from "../../token/freshness.js";
import type { TokenSet } from "../../token/token-set.js";

/** Seconds between two looks at most and at least, and after one that failed. */
const LONGEST = 300;
const SHORTEST = 5;
const AFTER_TROUBLE = 30;
/** Milliseconds after which the file of a process that is no longer there is cleared away. */
const ABANDONED = 24 * 3_600_000;
const NAME = /^id-token-(\d+)$/;

/**
 * A file with a valid ID token, for this user alone and without a newline, as AWS's and Azure's SDKs read it, kept fresh
 * until `signal` aborts; then it is gone. Answers its path.
 *
 * @throws OidcTokenError as `obtain` does, `store` where the file can't be written
 */
export async function keepIdTokenFile(
  context: Context,
  access: ProfileAccess,
  interactive: boolean,
  signal: AbortSignal,
): Promise<string> {
  // In memory where there is such a folder.
  const { XDG_RUNTIME_DIR: runtime } = context.env;
  const folder = runtime ? join(runtime, "oidc-token") : join(context.paths.cache, "exec");
  ensurePrivateFolder(folder, process.getuid?.());
  sweep(folder);
  const path = join(folder, `id-token-${process.pid}`);
  const first = await obtain(context, access, { id_token: true, interactive });
  write(path, first);
  signal.addEventListener("abort", () => removeQuietly(path), { once: true });
  void keepFresh(context, access, path, first, signal);
  return path;
}

async function keepFresh(
  context: Context,
  access: ProfileAccess,
  path: string,
  first: TokenSet,
  signal: AbortSignal,
): Promise<void> {
  let tokens = first;
  let wait = pause(tokens, context.now());
  while (!signal.aborted) {
    try {
      await context.sleep(wait * 1000, signal);
      // A quarter of its life early, so that no reader finds one that ends in its hands.
      const min_validity = (secondsLeft(tokens, tokens.obtained_at) / 4) | 0;
      const next = await obtain(context, access, { id_token: true, min_validity });
      if (signal.aborted) return;
      if (next.access_token !== tokens.access_token) write(path, next);
      tokens = next;
      wait = pause(tokens, context.now());
    } catch (error) {
      if (signal.aborted) return;
      // The child has the terminal; and the token in the file may still work.
      context.log.warn(isOidcTokenError(error) ? error.message : "the ID token was not renewed", {
        profile: access.profile.name,
      });
      wait = AFTER_TROUBLE;
    }
  }
}

function pause(tokens: TokenSet, now: number): number {
  return Math.min(LONGEST, Math.max(SHORTEST, secondsLeft(tokens, now) / 2));
}

function write(path: string, { access_token }: TokenSet): void {
  try {
    replaceFile(path, access_token, { durable: false });
  } catch (error) {
    throw fileError(error, { action: "write", path });
  }
}

/** Clears away what a killed process left. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = NAME.exec(name) ?? [];
    const stats = pid === undefined ? undefined : statSync(join(folder, name), { throwIfNoEntry: false });
    if (!stats || stats.mtimeMs > Date.now() - ABANDONED) continue;
    try {
      process.kill(Number(pid), 0);
    } catch {
      removeQuietly(join(folder, name));
    }
  }
}
