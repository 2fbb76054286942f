import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { openGateway } from "../http/dispatcher.js";
import type { ProfileAccess } from "../session/access.js";
import { obtain } from "../session/obtain.js";
import { unattendedFlow } from "../token/choose-flow.js";
import { isFresh } from "../token/freshness.js";
import { type Serving, startServer } from "./server.js";
import { TokenSource } from "./token-source.js";

/**
 * Serves a profile's `base_url` until it is closed. A token is got at once, so that what is wrong is said before anybody
 * asks.
 *
 * @throws OidcTokenError as `obtain` does, `configuration` where there is nothing to serve, `usage` for a port that is taken
 */
export async function serveProfile(
  context: Context,
  access: ProfileAccess,
  listen_at: number,
  interactive: boolean,
): Promise<Serving> {
  const { profile, secrets } = access;
  const { name, header, header_scheme, refresh_before } = profile;
  if (profile.base_url === undefined) {
    throw new OidcTokenError(
      "configuration",
      `profile "${name}" has no base_url, so there is nothing to serve`,
      'write the address of the API in the profile, such as "base_url": "https://llm.example.com/v1"',
    );
  }
  const base_url = new URL(profile.base_url);
  const unattended = unattendedFlow(profile.flow) !== undefined;
  const tokens = new TokenSource({
    now: context.monotonic,
    obtain: (asked) => obtain(context, access, asked),
    isFresh: (tokens) =>
      isFresh(tokens, { now: context.now(), min_validity: undefined }, { refresh_before, unattended }),
    warn: (sentence) => context.log.warn(sentence, { profile: name }),
  });
  await obtain(context, access, { interactive });
  const serving = await startServer(
    {
      dispatcher: await openGateway(base_url, profile, secrets, context),
      ...{ origin: base_url.origin, base_url, tokens, header, header_scheme },
      redact: (text) => context.redactor.apply(text),
      log: (message, fields) => context.log.warn(message, { profile: name, ...fields }),
    },
    listen_at,
  );
  context.redactor.add(serving.key);
  return serving;
}
