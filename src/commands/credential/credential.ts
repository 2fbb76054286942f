import { type GlobalOptions, parseChoice } from "../../arguments.js";
import { type OpenedConfig, openConfig } from "../../config/kept/open.js";
import type { Context } from "../../context.js";
import { givenFrom } from "../../credential/given-from.js";
import type { Protocol, Question, Reply } from "../../credential/protocol.js";
import { PROTOCOLS } from "../../credential/protocols.js";
import { isOidcTokenError } from "../../errors.js";
import { rememberCall } from "../../hot/remember.js";
import { DEFAULT_LOG_LEVEL } from "../../log.js";
import { accessProfile } from "../../session/access.js";
import { obtainWithin } from "../../session/obtain-within.js";
import { quietly } from "../../session/quietly.js";
import { refuseAgent } from "../../session/refuse-agent.js";
import { sha256 } from "../../sha256.js";
import { profileFor } from "./profile-for.js";
import { requestsIn } from "./requests.js";

export interface CredentialOptions extends GlobalOptions {
  readonly mode?: string;
}

/**
 * Seconds from the start of the process to the answer, so that the whole takes under four: the least patient tool waits for
 * five. Of which the hot path may have taken some; the rest is at least so much.
 */
const PATIENCE = 3.5;
const LEAST = 1;

/**
 * `credential`: answers another tool in its own protocol. Silent on stderr unless it fails, and then one line: many tools
 * show it. Answers the exit code.
 */
export async function credential(
  context: Context,
  options: CredentialOptions,
  [tool = "", ...words]: readonly string[],
): Promise<number> {
  const protocol = PROTOCOLS[parseChoice("credential", tool, Object.keys(PROTOCOLS))] as Protocol;
  if (options.mode !== undefined) words.push("--mode", options.mode);
  context.stdout.write(protocol.greeting ?? "");
  let failed = false;
  const left = Math.max(LEAST, PATIENCE - process.uptime());
  let until = context.monotonic() + left;
  const show = ({ text, failed: none = false }: Reply): void => {
    context.stdout.write(text);
    failed ||= none;
  };
  try {
    for await (const text of requestsIn(context.stdin, protocol.reads, left)) {
      try {
        show(await replyTo(context, options, protocol.ask(words, text), until));
      } catch (error) {
        if (!isOidcTokenError(error) || !protocol.failure) throw error;
        show({ text: protocol.failure(sentenceOf(context, error)) });
      }
      until = context.monotonic() + PATIENCE;
    }
  } catch (error) {
    if (!isOidcTokenError(error) || context.interrupted.aborted) throw error;
    context.log.error(error.message, { kind: error.kind });
    context.stderr.write(`oidc-token: ${sentenceOf(context, error)}\n`);
    return 1;
  }
  return failed ? 1 : 0;
}

function sentenceOf(context: Context, { message, hint }: { message: string; hint: string }): string {
  return context.redactor.apply(`${message}; ${hint}`);
}

async function replyTo(
  context: Context,
  options: CredentialOptions,
  question: Question,
  until: number,
): Promise<Reply> {
  if (question.wants === "nothing") return question.reply;
  const none = question.wants === "token" ? question.none : { text: "" };
  if (question.urls.length === 0) return none;
  const read_at = Date.now();
  const config: OpenedConfig = await openConfig(context, options);
  const named = (question.wants === "token" ? question.profile : undefined) ?? options.profile;
  const profile = profileFor(config, question.urls, named);
  if (!profile) return none;
  refuseAgent(context, profile);
  const quiet = quietly(context);
  const access = accessProfile(quiet, profile);
  if (question.wants === "another") {
    const rejected_sha256 = sha256(question.secret);
    const stored = (await access.read())?.tokens;
    // An older one than we have, or none of ours.
    if (stored && sha256(stored.access_token) !== rejected_sha256) return none;
    await obtainWithin(quiet, access, { rejected_sha256 }, until - context.monotonic());
    return none;
  }
  if (context.log.level === DEFAULT_LOG_LEVEL) {
    const call = { ...context, argv: [...context.argv, ...question.urls] };
    rememberCall(call, profile, { format: "token", id_token: false }, { files: config.files, read_at });
  }
  const tokens = await obtainWithin(quiet, access, {}, until - context.monotonic());
  return { text: question.given(givenFrom(tokens, profile)) };
}
