import { randomUUID } from "node:crypto";
import type { Context } from "../context.js";
import { isOidcTokenError } from "../errors.js";
import type { StoreName } from "../store/store.js";
import { tell } from "../terminal/tell.js";
import type { ProfileAccess } from "./access.js";

/**
 * Keeps a client's secret that has come from elsewhere than a sign-in, once the provider accepts the client with it. It is
 * asked for a refresh with a token that never was, and refuses in two ways: the client is wrong, or the token is. Where it
 * can't be asked, the secret is kept untested. Throws `refused` where the provider does not accept it.
 */
export async function keepClientSecret(
  context: Context,
  access: ProfileAccess,
  client_secret: string,
): Promise<StoreName> {
  access.tryOut(client_secret);
  try {
    await (await access.grants()).refresh(`oidc-token-import-${randomUUID()}`);
  } catch (error) {
    if (!isOidcTokenError(error) || error.kind === "interrupted" || error.about === "client") throw error;
    // Whatever else it refuses, it was taken for who it is.
    if (error.kind !== "refused") tell(context, `${error.message}, so the client's secret is kept untested`);
  }
  return await access.keepSecret("client_secret", client_secret);
}
