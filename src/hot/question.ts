import { readSync } from "node:fs";
import { givenFrom } from "../credential/given-from.js";
import { PROTOCOLS } from "../credential/protocols.js";
import { pipeThatNeverBlocks } from "../files/standard-input.js";
import type { HeaderRule } from "../formats/header-rule.js";
import type { TokenSet } from "../token/token-set.js";

/** What a tool asks for, read from the command line of `credential` and from stdin. */
export interface ReadQuestion {
  /** What of the question the answer depends on, beside the command line. */
  readonly urls: readonly string[];
  reply(tokens: TokenSet, rule: HeaderRule): string;
  /** Puts what was read of stdin back, for the full command to read. */
  putBack(): void;
}

/** Bytes. */
const MOST = 64 * 1024;

/**
 * The question of a tool that wants a token; undefined for any other, which the full command answers. What was read of
 * stdin is then put back for it.
 */
export function readQuestion(argv: readonly string[]): ReadQuestion | undefined {
  const [, tool = "", ...rest] = argv;
  const protocol = Object.hasOwn(PROTOCOLS, tool) ? PROTOCOLS[tool] : undefined;
  if (!protocol || protocol.reads === "lines") return undefined;
  const input = protocol.reads === "nothing" ? Buffer.alloc(0) : readInput(protocol.reads === "paragraph");
  const putBack = (): void => {
    if (input.length > 0) process.stdin.unshift(input);
  };
  try {
    const question = protocol.ask(wordsOf(rest), input.toString("utf8"));
    if (question.wants === "token") {
      const { urls, given } = question;
      return { urls, reply: (tokens, rule) => given(givenFrom(tokens, rule)), putBack };
    }
  } catch {
    // The full command says what is wrong.
  }
  putBack();
  return undefined;
}

/** The words that are for the tool's protocol: all but the program's own options, and what belongs to those. */
function wordsOf(words: readonly string[]): string[] {
  const own = /^(?:-p|--profile|--config|--log-level)$/;
  return words.filter(
    (word, at) =>
      !own.test(words[at - 1] ?? "") &&
      !own.test(word) &&
      !/^--$|^--(?:profile|config|log-level)=/.test(word),
  );
}

/** Milliseconds that a tool has to say what it wants, before the full command waits the rest of the time. */
const PATIENCE = 2_000;

function readInput(to_empty_line: boolean): Buffer {
  const bytes = Buffer.alloc(MOST);
  const input = pipeThatNeverBlocks();
  const begun = Date.now();
  let length = 0;
  while (length < MOST) {
    let read = 0;
    try {
      read = readSync(input ?? 0, bytes, length, MOST - length, null);
    } catch (error) {
      // EAGAIN: the full command can wait. EOF on Windows.
      const is_early = input !== undefined && (error as NodeJS.ErrnoException).code === "EAGAIN";
      if (is_early && Math.abs(Date.now() - begun) < PATIENCE) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
        continue;
      }
    }
    if (read === 0) break;
    length += read;
    if (to_empty_line && bytes.subarray(0, length).toString("latin1").includes("\n\n")) break;
  }
  return bytes.subarray(0, length);
}
