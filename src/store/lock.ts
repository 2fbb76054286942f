import {
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { encodeFileName, ensurePrivateFolder, errorCode, fileError } from "../files/private-folder.js";
import { isAlive, myself, type Owner, parseOwner } from "./lock-owner.js";

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
  readonly #folder: string;
  readonly #uid: number | undefined;
  readonly #sightings = new Map<string, Sighting>();

  constructor(folder: string, uid: number | undefined = process.getuid?.()) {
    this.#folder = folder;
    this.#uid = uid;
  }

  async tryAcquire(name: string): Promise<Release | undefined> {
    const folder = join(this.#folder, encodeFileName(name));
    try {
      return this.#tryAcquire(folder);
    } catch (error) {
      throw fileError("write", folder, error);
    }
  }

  #tryAcquire(folder: string): Release | undefined {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      ensurePrivateFolder(this.#folder, this.#uid);
      ensurePrivateFolder(folder, this.#uid);
      names = [];
    }
    const seen = highest(names);
    if (seen > 0 && this.#isHeld(folder, seen)) return undefined;

    const entry = seen + 1;
    if (!createEntry(folder, entry)) return undefined;
    const now = readdirSync(folder);
    // Where the entry this try started from is gone, a later winner has cleaned it away: overtaken as well.
    if (highest(now) !== entry || (seen > 0 && !now.includes(String(seen)))) {
      removeQuietly(join(folder, String(entry)));
      return undefined;
    }
    this.#sightings.delete(folder);
    removeLeftovers(folder, entry, now);
    return hold(join(folder, String(entry)));
  }

  #isHeld(folder: string, entry: number): boolean {
    const path = join(folder, String(entry));
    let owner: Owner | undefined;
    let mtime: number;
    try {
      const content = readFileSync(path, "utf8");
      if (content === FREE) return false;
      owner = parseOwner(content);
      const alive = owner === undefined ? undefined : isAlive(owner);
      if (alive !== undefined) return alive;
      mtime = statSync(path).mtimeMs;
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

function highest(names: readonly string[]): number {
  let result = 0;
  for (const name of names) if (/^[1-9]\d{0,14}$/.test(name)) result = Math.max(result, Number(name));
  return result;
}

/** Creates the entry with its content in one step, so that no reader finds it half written; false if it exists. */
function createEntry(folder: string, entry: number): boolean {
  const path = join(folder, String(entry));
  const content = JSON.stringify(myself());
  const temporary = temporaryName(folder);
  try {
    writeFileSync(temporary, content, { flag: "wx", mode: 0o600 });
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "UNKNOWN"].includes(errorCode(error)))
        throw error;
      // No hard links here (exFAT, some network file systems). A reader that finds the entry still empty
      // takes it for held until it has been silent.
      writeFileSync(path, content, { flag: "wx", mode: 0o600 });
    }
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    removeQuietly(temporary);
  }
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
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      writeFileSync(temporary, FREE, { mode: 0o600 });
      renameSync(temporary, path);
    } catch {
      // Windows refuses to replace a file that is being read. What cannot be freed is free once this process ends.
      removeQuietly(temporary);
      try {
        writeFileSync(path, FREE);
      } catch {}
    }
  };
}

/** Clears away what is below the winner's entry and the temporary files of processes killed long ago. */
function removeLeftovers(folder: string, entry: number, names: readonly string[]): void {
  const own = statSync(join(folder, String(entry))).mtimeMs;
  for (const name of names) {
    if (name === String(entry)) continue;
    const path = join(folder, name);
    if (!name.endsWith(".tmp")) removeQuietly(path);
    else if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? own) < own - 60_000) removeQuietly(path);
  }
}

function temporaryName(folder: string): string {
  return join(folder, `${process.pid}-${process.hrtime.bigint().toString(36)}.tmp`);
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody else removed it first, or it stays for the next one to remove.
  }
}
