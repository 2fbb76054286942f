import { readFileSync } from "node:fs";
import { keepEntry, readEntries } from "../files/cache.js";
import type { TokenSet } from "../token/token-set.js";

/** Seconds within which a caller that asks again was refused with what it got. */
const WINDOW = 60;
const FILE_NAME = "repeat.json";
const MOST_ENTRIES = 32;
const SHELL = /^(?:.*\/)?(?:[bdkz]?a?sh|fish)$/;

/** What a caller was given: a token, told from others by when it was issued, and when; and whether it is the last try. */
type Given = readonly [obtained_at: number, at: number, last: boolean];

/**
 * Whether this caller asks again for a token it was given within the last minute: tools that run a helper anew after a
 * 401 don't say so. Only once a token: what it gets then is not renewed for that reason. Never throws.
 */
export function asksAgain(cacheDir: string, account: string, tokens: TokenSet, now: number): boolean {
  const [obtained_at, at = 0, last = true] = lastOf(cacheDir, key(account)) ?? [];
  return obtained_at === tokens.obtained_at && !last && now >= at && now - at < WINDOW;
}

/** Notes what this caller was given; `renewed` where that was because it had asked again. Never throws. */
export function noteGiven(
  cacheDir: string,
  account: string,
  { obtained_at }: TokenSet,
  now: number,
  renewed = false,
): void {
  const own = key(account);
  const before = lastOf(cacheDir, own);
  const last = renewed || (before?.[0] === obtained_at && before[2] === true);
  keepEntry(cacheDir, FILE_NAME, own, [obtained_at, now, last], MOST_ENTRIES);
}

function lastOf(cacheDir: string, caller: string): Given | undefined {
  return readEntries(cacheDir, FILE_NAME)[caller] as Given | undefined;
}

/**
 * The caller is the nearest process above that is not a shell made for this one command line, `sh -c`, which many tools
 * start a helper through and which is another one each time. Without /proc it is the parent.
 */
function key(account: string): string {
  let pid = `${process.ppid}`;
  try {
    for (;;) {
      const [shell = "", option = ""] = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      // From its third field on; the second is a name that may hold anything (proc_pid_stat(5)).
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (!SHELL.test(shell) || !/^-\w*c/.test(option)) return `${pid}.${fields[19]} ${account}`;
      pid = fields[1] as string;
    }
  } catch {
    return `${pid} ${account}`;
  }
}
