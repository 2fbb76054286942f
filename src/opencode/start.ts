import type { ProfileFacts } from "../commands/profiles.js";
import { fileLog } from "../files/log-file.js";
import { DEFAULT_LOG_LEVEL, LOG_LEVELS, type Log } from "../log.js";
import { userPaths } from "../paths.js";
import { Redactor } from "../redact.js";
import { Calls } from "./command/calls.js";
import { Command } from "./command/command.js";
import { profilesOf, statusOf, unreadyIn } from "./command/facts.js";
import { type Attachment, attachments, type Options } from "./options.js";
import { Requests } from "./requests/requests.js";
import { Tokens } from "./requests/tokens.js";

/** What both of OpenCode's plugin APIs are served from. */
export interface Started {
  readonly command: Command;
  readonly calls: Calls;
  readonly log: Log;
  readonly profiles: readonly ProfileFacts[];
  /** Why there are no profiles, where they can't be read. */
  readonly unreadable: Error | undefined;
  readonly attached: readonly Attachment[];
  readonly requests: Requests;
  /** The profiles that a person has to sign in to, and why in a few words. */
  readonly unready: ReadonlyMap<string, string>;
}

/** Asks the command what there is. Never throws: OpenCode would swallow it, and send requests without a token. */
export async function start(options: Options): Promise<Started> {
  const redactor = new Redactor();
  const log = fileLog(userPaths().log, levelOf(process.env.OIDC_TOKEN_LOG), (text) => redactor.apply(text));
  const command = new Command(options.command, log);
  let unreadable: Error | undefined;
  const [profiles, status] = await Promise.all([
    profilesOf(command).catch((error: Error) => {
      unreadable = error;
      return [];
    }),
    statusOf(command, 10).catch((error: Error) => error),
  ]);
  const calls = new Calls(command);
  const attached = attachments(options, profiles, unreadable);
  log.info("OpenCode plugin started", { providers: attached.map(({ id }) => id).join(" ") });
  for (const { id, problem } of attached) if (problem) log.warn(problem.message, { provider: id });
  return {
    command,
    calls,
    log,
    profiles,
    unreadable,
    attached,
    unready: unreadyIn(status, profiles),
    requests: new Requests(new Tokens(calls), log),
  };
}

function levelOf(name: string | undefined): Log["level"] {
  return LOG_LEVELS.find((level) => level === name) ?? DEFAULT_LOG_LEVEL;
}
