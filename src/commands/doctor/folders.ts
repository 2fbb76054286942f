import { accessSync, constants, type Stats, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { printable } from "../../text.js";
import { type Check, fail, failed, type Machine, pass, type Told } from "./check.js";

/** Bytes that tokens, caches and the log need at least. */
const LEAST = 1_048_576;

/** The places this program writes to: ours, writable, with room. */
export const folders: Check<Machine> = {
  name: "folders",
  seconds: 5,
  async run({ context: { paths, lock } }) {
    const places: Record<string, string> = {
      configuration: paths.config,
      data: paths.data,
      cache: paths.cache,
      log: paths.log,
    };
    const told = Object.entries(places).flatMap(([what, path]) => complaint(what, path) ?? []);
    try {
      const release = await lock.tryAcquire("doctor");
      await release?.();
    } catch (error) {
      told.push(failed(error));
    }
    return told.length > 0 ? told : pass("configuration, data, cache, log and locks can be written");
  },
};

function complaint(what: string, path: string): Told | undefined {
  const folder = existing(path);
  const name = printable(folder);
  const stats = statSync(folder);
  if (!stats.isDirectory())
    return fail(`${name}, needed for ${what}, is not a folder`, "move that file away", "store");
  const uid = process.getuid?.();
  if (folder === path && uid !== undefined && stats.uid !== uid)
    return fail(
      `${name}, the folder for ${what}, belongs to another user (uid ${stats.uid})`,
      `give it to yourself: sudo chown -R ${uid} ${name}`,
      "store",
    );
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return fail(
      `${name}, the folder for ${what}, can't be written to`,
      "look at its owner and mode, and whether its file system is mounted read-only",
      "store",
    );
  }
  return space(what, folder);
}

function space(what: string, folder: string): Told | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize >= LEAST) return undefined;
    return fail(
      `the disk of ${printable(folder)}, the folder for ${what}, is full`,
      "free some space there: a refresh that can't be stored loses the session",
      "store",
    );
  } catch {
    // A file system that does not say.
    return undefined;
  }
}

/** The folder, or the nearest above it that is there. */
function existing(path: string): string {
  let folder = path;
  for (let stats: Stats | undefined; ; folder = dirname(folder)) {
    try {
      stats = statSync(folder, { throwIfNoEntry: false });
    } catch {
      // A part of the path is a file, or closed to this user: what is above tells.
    }
    if (stats || dirname(folder) === folder) return folder;
  }
}
