import { lstatSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { errorCode, fileError, Refused } from "../files/file-error.js";
import { encodeFileName, ensurePrivateFolder } from "../files/folder.js";
import { readKept } from "../files/read.js";
import { createFile, overwriteFile, removeQuietly, replaceFile } from "../files/replace.js";
import { usableFolder } from "./lock-folders.js";
import { isAlive, myself, parseOwner } from "./lock-owner.js";

/** Gives up a lock. Safe to call more than once. */
export type Release = () => Promise<void>;

/** A lock across the processes of one OS user, by name. */
export interface Lock {
  /** Takes the lock now or answers undefined: somebody alive holds it. Never waits. */
  tryAcquire(name: string): Promise<Release | undefined>;
}

/** Milliseconds without a heartbeat after which an owner that cannot be looked at counts as dead. */
const SILENCE = 5_000;
const HEARTBEAT = 1_000;
const FREE = "free";
/** Bytes. */
const MOST = 4096;

/** What a waiter saw of an owner it cannot look at, and since when, on the waiter's own monotonic clock. */
interface Sighting {
  readonly entry: number;
  readonly mtime: number;
  readonly since: number;
}

/**
 * Locks as generations: a folder a name, in it entries named by increasing numbers, of which the highest is the
 * state: its owner, or "free". Who finds it free or its owner dead creates the next number, which the file
 * system lets only one process do, and owns the lock. A lock file that is removed and made again (which is what
 * proper-lockfile does with a stale one) lets two waiters win: the second removes what the first has just made.
 * Here nothing that counts is ever removed. The highest entry stays, on release too, so that a contender who
 * comes late with an old listing sees on its second look that it was overtaken.
 */
export class ProcessLock implements Lock {
  readonly #folders: readonly string[];
  readonly #uid: number | undefined;
  readonly #sightings = new Map<string, Sighting>();

  /** Takes the first of the folders that is this user's alone, or can be made so, and that can be written to. */
  constructor(folders: readonly string[], uid: number | undefined = process.getuid?.()) {
    this.#folders = folders;
    this.#uid = uid;
  }

  async tryAcquire(name: string): Promise<Release | undefined> {
    const folder = join(usableFolder(this.#folders, this.#uid), encodeFileName(name));
    try {
      return this.#tryAcquire(folder);
    } catch (error) {
      throw fileError(error, { action: "write", path: folder });
    }
  }

  #tryAcquire(folder: string): Release | undefined {
    ensurePrivateFolder(folder, this.#uid);
    const names = readdirSync(folder);
    const seen = highest(names);
    if (seen > 0 && this.#isHeld(folder, seen)) return undefined;

    const entry = seen + 1;
    const path = join(folder, String(entry));
    // Whole from the start: one half written would count as held until it has been silent.
    if (!createFile(path, JSON.stringify(myself()))) return undefined;
    const now = readdirSync(folder);
    // Where the entry this try started from is gone, a later winner has cleaned it away: overtaken as well.
    if (highest(now) !== entry || (seen > 0 && !now.includes(String(seen)))) {
      removeQuietly(path);
      return undefined;
    }
    this.#sightings.delete(folder);
    removeLeftovers(folder, entry, now);
    return hold(path);
  }

  #isHeld(folder: string, entry: number): boolean {
    const path = join(folder, String(entry));
    let mtime: number;
    try {
      const content = read(path);
      if (content === FREE) return false;
      const owner = parseOwner(content);
      const alive = owner === undefined ? undefined : isAlive(owner);
      if (alive !== undefined) return alive;
      mtime = lstatSync(path).mtimeMs;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return true; // somebody has just overtaken it
      throw error;
    }
    // Another machine's process, one whose start is unknown, or an entry half written: only its heartbeat tells.
    const clock = Number(process.hrtime.bigint() / 1_000_000n);
    const sighting = this.#sightings.get(folder);
    if (sighting === undefined || sighting.entry !== entry || sighting.mtime !== mtime) {
      this.#sightings.set(folder, { entry, mtime, since: clock });
      return true;
    }
    return clock - sighting.since < SILENCE;
  }
}

/**
 * Whether somebody who is known to live holds the lock of this name in one of the folders. Only looks: false where that
 * can't be told.
 */
export function isHeld(folders: readonly string[], name: string): boolean {
  return folders.some((path) => {
    try {
      const folder = join(path, encodeFileName(name));
      const owner = parseOwner(readKept(join(folder, String(highest(readdirSync(folder)))), MOST));
      return owner !== undefined && isAlive(owner) === true;
    } catch {
      return false;
    }
  });
}

/** Empty where what lies there is no entry of ours: it counts as one whose owner cannot be looked at. */
function read(path: string): string {
  try {
    return readKept(path, MOST);
  } catch (error) {
    if (error instanceof Refused) return "";
    throw error;
  }
}

function highest(names: readonly string[]): number {
  let result = 0;
  for (const name of names) if (/^[1-9]\d{0,14}$/.test(name)) result = Math.max(result, Number(name));
  return result;
}

function hold(path: string): Release {
  const heartbeat = setInterval(() => {
    const now = Date.now() / 1000;
    try {
      utimesSync(path, now, now);
    } catch {
      // The entry was taken over; there is nobody left to tell.
    }
  }, HEARTBEAT);
  heartbeat.unref();
  let released = false;
  return async () => {
    if (released) return;
    released = true;
    clearInterval(heartbeat);
    try {
      replaceFile(path, FREE, { durable: false });
    } catch {
      try {
        // A full disk, or Windows where somebody reads it just now.
        overwriteFile(path, FREE);
      } catch {
        // What cannot be freed is free once this process ends.
      }
    }
  };
}

/** Clears away what is below the winner's entry and the temporary files of processes killed long ago. */
function removeLeftovers(folder: string, entry: number, names: readonly string[]): void {
  const own = lstatSync(join(folder, String(entry))).mtimeMs;
  for (const name of names) {
    if (name === String(entry)) continue;
    const path = join(folder, name);
    if (!name.endsWith(".tmp")) removeQuietly(path);
    else if ((lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? own) < own - 60_000) removeQuietly(path);
  }
}
