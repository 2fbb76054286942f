import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import type { TokenSet } from "../token/token-set.js";
import type { ProfileAccess } from "./access.js";
import { type Asked, obtain } from "./obtain.js";

/**
 * As `obtain`, for a caller that gives up after so many seconds.
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
  const late = new Promise<never>((_, reject) => {
    const { name } = access.profile;
    const error = new OidcTokenError(
      "temporary",
      `no token for profile "${name}" within ${seconds} s`,
      `try again; to see what takes so long, run: oidc-token get --profile ${name}`,
    );
    timer = setTimeout(() => reject(error), seconds * 1000);
  });
  try {
    return await Promise.race([obtain(context, access, asked), late]);
  } finally {
    clearTimeout(timer);
  }
}
