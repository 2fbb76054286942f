import { isOidcTokenError } from "../errors.js";
import { readRegular } from "../files/read.js";
import { formatTokens } from "../formats/output.js";
import { type Paths, userPaths } from "../paths.js";
import { print } from "../stdout.js";
import { readFileStore } from "../store/file-read.js";
import { type Readable, readStores } from "../store/read.js";
import { isFresh, isServable } from "../token/freshness.js";
import { idTokenAsToken } from "../token/id-token.js";
import { fromRecord } from "../token/record.js";
import type { TokenSet } from "../token/token-set.js";
import type * as Keyring from "./keyring.js";
import type { ReadQuestion } from "./question.js";
import type * as Seldom from "./seldom.js";
import { readSnapshot, type Snapshot, snapshotKey } from "./snapshot.js";
import type * as Waiting from "./waiting.js";

/**
 * The hot path of `get`: prints a stored token that is valid and not due for a refresh. Answers false, having printed
 * nothing, in every other case, also for a command line not seen before: the full command then starts from the
 * beginning and says what is the matter.
 *
 * @throws OidcTokenError of kind `store`, as the full command would, or `temporary` where stdout takes nothing
 */
export async function getStored(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const text = await storedAnswer(argv, env);
  if (text === undefined) return false;
  print(text);
  return true;
}

/** Beside this bundle and like it; loaded where it is needed. */
const seldom = (): typeof Seldom => require("./seldom.cjs") as typeof Seldom;

const keyring = (): typeof Keyring => require("./keyring.cjs") as typeof Keyring;

const waiting = (): typeof Waiting => require("./waiting.cjs") as typeof Waiting;

async function storedAnswer(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const is_question = argv[0] === "credential";
  const question = is_question ? seldom().readQuestion(argv) : undefined;
  if (is_question && !question) return undefined;
  const answer = await answerTo(question, argv, env);
  if (answer === undefined) question?.putBack();
  return answer;
}

async function answerTo(
  question: ReadQuestion | undefined,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  try {
    const paths = userPaths();
    const call = question ? [...argv, ...question.urls] : argv;
    const key = snapshotKey(call, env, process.cwd(), paths.config);
    const snapshot = key === undefined ? undefined : readSnapshot(paths.cache, key);
    if (!snapshot || !mayGoTo(argv, snapshot.allowed_origins)) return undefined;
    if (question && !question.urls.some((url) => snapshot.allowed_origins.includes(new URL(url).origin))) {
      return undefined;
    }
    const stored = snapshot.key
      ? staticKey(snapshot.key, env)
      : question
        ? await storedTokens(snapshot, paths.data, env, KEYRING_DEADLINE)
        : await settledTokens(snapshot, paths, env);
    // An ID token is a credential once its signature has been checked, which takes a request.
    const tokens = snapshot.id_token && stored ? stored.id_token_verified && idTokenAsToken(stored) : stored;
    const now = Date.now() / 1000;
    if (!tokens || !isFresh(tokens, { now, min_validity: snapshot.min_validity }, snapshot)) return undefined;
    if (snapshot.fresh_on_repeat && stored !== undefined && !snapshot.key) {
      const { asksAgain, noteGiven } = seldom();
      if (asksAgain(paths.cache, snapshot.account, stored, now)) return undefined;
      noteGiven(paths.cache, snapshot.account, stored, now);
    }
    if (question) return question.reply(tokens, snapshot);
    return formatTokens(snapshot.format, tokens, snapshot, now, env);
  } catch (error) {
    // A tool is told in its own way.
    if (question) return undefined;
    // The full command may ask a person to unlock the keyring.
    if (!isOidcTokenError(error) || (error as { trouble?: unknown }).trouble === "locked") return undefined;
    throw error;
  }
}

/** Milliseconds; the full command, which then tells the tool what is wrong, needs some of its four seconds. */
const KEYRING_DEADLINE = 2_000;

/** What is stored, and where a peer is just at renewing it what comes of that. */
async function settledTokens(
  snapshot: Snapshot,
  { data, log }: Paths,
  env: NodeJS.ProcessEnv,
): Promise<TokenSet | undefined> {
  const stored = await storedTokens(snapshot, data, env, undefined);
  const { account, min_validity } = snapshot;
  const rule = { now: Date.now() / 1000, min_validity };
  // One that still does is handed out by the full command, which waits for nobody then.
  if (!stored || isFresh(stored, rule, snapshot) || isServable(stored, rule)) return stored;
  await waiting().waitForPeer(account, env, log);
  // Also where nobody was at it: a peer may have ended between our two looks.
  return await storedTokens(snapshot, data, env, undefined);
}

async function storedTokens(
  { store, account }: Snapshot,
  data: string,
  env: NodeJS.ProcessEnv,
  keyring_deadline: number | undefined,
): Promise<TokenSet | undefined> {
  const stores: Readable = {
    file: { get: async (account) => readFileStore(`${data}/tokens`, account) },
    keyring: {
      get: (account, deadline = keyring_deadline) =>
        keyring().readKeyring({ platform: process.platform, env }, account, deadline),
    },
  };
  const kept = await readStores(store, stores, account);
  return kept && fromRecord(kept.text);
}

/** Whether the profile may send its token to each `--url` of the command line. */
function mayGoTo(argv: readonly string[], allowed_origins: readonly string[]): boolean {
  return argv.every((word, at) => {
    if (!word.startsWith("--url")) return true;
    const url = word.startsWith("--url=") ? word.slice("--url=".length) : argv[at + 1];
    return url !== undefined && URL.canParse(url) && allowed_origins.includes(new URL(url).origin);
  });
}

/** Bytes. */
const MOST_OF_KEY = 64 * 1024;

/** A static key outside the store. What is odd about it is left to the full command, which says what is wrong. */
function staticKey(at: NonNullable<Snapshot["key"]>, env: NodeJS.ProcessEnv): TokenSet | undefined {
  const text =
    at.from === "env"
      ? env[at.name]
      : readRegular(at.path, MOST_OF_KEY)
          .toString("utf8")
          .replace(/\r?\n$/, "");
  if (text === undefined || !/^[\x21-\x7e]+$/.test(text)) return undefined;
  return { access_token: text, token_type: "static", obtained_at: 0 };
}
