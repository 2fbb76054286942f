import type { GlobalOptions } from "../arguments.js";
import type { Context } from "../context.js";
import { EXIT_CODES, OidcTokenError } from "../errors.js";
import { serveProfile } from "../serve/serve-profile.js";
import { accessProfile, selectProfile } from "../session/access.js";
import { refuseAgent } from "../session/refuse-agent.js";
import { isInteractive } from "../terminal/interactive.js";
import { tell } from "../terminal/tell.js";

export interface ServeOptions extends GlobalOptions {
  readonly port?: string;
  readonly json?: boolean;
}

/** `serve`: a loopback address in front of the profile's `base_url`, until Ctrl-C or SIGTERM. Answers the exit code. */
export async function serve(context: Context, options: ServeOptions): Promise<number> {
  const port = parsePort(options.port);
  const profile = await selectProfile(context, options);
  refuseAgent(context, profile);
  const interactive = isInteractive(context, undefined);
  const access = accessProfile(context, profile, interactive);
  const { url, key, close } = await serveProfile(context, access, port, interactive);
  const { name, base_url } = profile;
  const event = JSON.stringify({ event: "serving", url, key, base_url, profile: name });
  context.stdout.write(options.json ? `${event}\n` : `address  ${url}\nkey      ${key}\n`);
  if (!options.json) tell(context, `serving ${base_url} with tokens of profile "${name}"; end with Ctrl-C`);
  await new Promise<void>((resolve) => {
    if (context.interrupted.aborted) resolve();
    else context.interrupted.addEventListener("abort", () => resolve(), { once: true });
  });
  await close();
  return EXIT_CODES.interrupted;
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new OidcTokenError(
    "usage",
    `--port takes the number of a port, not "${text}"`,
    "write it in digits, or leave it out: a free one is taken then",
  );
}
