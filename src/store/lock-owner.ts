import { readFileSync, readlinkSync } from "node:fs";
import { objectIn } from "../text.js";

/** Who holds a lock, as its entry says. */
export interface Owner {
  readonly pid: number;
  /** When the process started, in clock ticks since boot: tells it from a later one with the same number. */
  readonly start?: string;
  /** Machine, boot and pid namespace: `pid` means something only where these are the same. */
  readonly place: string;
}

let own: Owner | undefined;

/** This process as an owner. */
export function myself(): Owner {
  if (own !== undefined) return own;
  const start = startTime(process.pid);
  own = { pid: process.pid, ...(start === undefined ? {} : { start }), place: place() };
  return own;
}

/** An entry's content as an owner, or undefined where it is none. */
export function parseOwner(content: string): Owner | undefined {
  const { pid, start, place } = objectIn(content) ?? {};
  if (!Number.isSafeInteger(pid) || (pid as number) <= 0 || typeof place !== "string") return undefined;
  return { pid: pid as number, place, ...(typeof start === "string" ? { start } : {}) };
}

/** Whether the process lives; undefined where that cannot be told from here. */
export function isAlive(owner: Owner): boolean | undefined {
  if (owner.place !== myself().place) return undefined;
  if (owner.start !== undefined) {
    try {
      return startTime(owner.pid) === owner.start;
    } catch {
      return undefined;
    }
  }
  try {
    process.kill(owner.pid, 0);
    return undefined; // a process of that number lives, though it may be another one
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH" ? false : undefined;
  }
}

/**
 * Field 22 of /proc/PID/stat (proc_pid_stat(5)); undefined for a process that is gone, a zombie, and where there
 * is no /proc. Throws where it cannot be told, for instance without a free file descriptor: that is not "dead".
 */
function startTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  // The second field is the program's name in parentheses and may hold anything, so count from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

function place(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return process.platform;
  }
}
