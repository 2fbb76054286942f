import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { commandOn } from "../profile.js";
import type { TokenSet } from "../token/token-set.js";
import type { ProfileAccess } from "./access.js";
import { type Asked, obtain, REFRESH_GRACE } from "./obtain.js";

/**
 * As `obtain`, for a caller that gives up after so many seconds; a few more where a refresh is on its way, without whose
 * answer the session would be lost.
 *
 * @throws OidcTokenError as `obtain` does, `temporary` where the time is up
 */
export async function obtainWithin(
  context: Context,
  access: ProfileAccess,
  asked: Asked,
  seconds: number,
): Promise<TokenSet> {
  let timer: NodeJS.Timeout | undefined;
  let is_refreshing = false;
  const onRefresh = (): void => {
    is_refreshing = true;
  };
  const late = new Promise<never>((_, reject) => {
    const giveUp = (waited: number): void => {
      const { name } = access.profile;
      const sentence = `no token for profile "${name}" within ${waited.toFixed(1)} s`;
      const hint = `try again; to see what takes so long, run: ${commandOn(access.profile, "get")}`;
      reject(new OidcTokenError("temporary", sentence, hint));
    };
    timer = setTimeout(() => {
      if (!is_refreshing) return giveUp(seconds);
      timer = setTimeout(() => giveUp(seconds + REFRESH_GRACE), REFRESH_GRACE * 1000);
    }, seconds * 1000);
  });
  try {
    return await Promise.race([obtain(context, access, { ...asked, onRefresh }), late]);
  } finally {
    clearTimeout(timer);
  }
}
