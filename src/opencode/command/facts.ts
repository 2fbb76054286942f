import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { ProfileFacts } from "../../commands/profiles.js";
import { type Command, NAME } from "./command.js";
import { lasting, Temporary } from "./failure.js";

/** What is read of a row of `status --json`. */
export interface Status {
  readonly profile: string;
  readonly next: string;
  readonly error?: string;
}

const UNREADABLE = "stored sign-in cannot be read";

/**
 * The profiles there are. Rejects with a sentence where there is no answer, or one that only another program by the
 * same name would give.
 */
export async function profilesOf(command: Command): Promise<readonly ProfileFacts[]> {
  const answer = await command.run(["profiles", "--json"], { seconds: 20 }).catch((error: Error) => {
    throw isSilent(error) ? impostor(command) : error;
  });
  try {
    const rows = JSON.parse(answer) as ProfileFacts[];
    if (rows.every(({ profile }) => typeof profile === "string")) return rows;
  } catch {}
  throw impostor(command);
}

/** A row of each profile, as `status` has it. Rejects as `Command.run`. */
export async function statusOf(command: Command, seconds: number): Promise<readonly Status[]> {
  return JSON.parse(await command.run(["status", "--json"], { seconds })) as Status[];
}

/**
 * The profiles that a person has to sign in to, and why in a few words; none where `status` does not say in time. It fails
 * where one and the same thing is wrong with them all, as with a keyring that is locked.
 */
export function unreadyIn(
  status: readonly Status[] | Error,
  profiles: readonly ProfileFacts[],
): ReadonlyMap<string, string> {
  if (status instanceof Temporary || (status instanceof Error && isSilent(status))) return new Map();
  if (status instanceof Error) return new Map(profiles.map(({ profile }) => [profile, UNREADABLE]));
  const waiting = status.filter(({ next }) => next === "sign_in");
  return new Map(waiting.map(({ profile, error }) => [profile, error ? UNREADABLE : "signed out"]));
}

/** Whether a run of the command ended without a sentence of its own. */
function isSilent({ message }: Error): boolean {
  return /^oidc-token ended with/.test(message);
}

function impostor({ argv }: Command): Error {
  const [file = NAME] = argv ?? [];
  const found = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, file));
  const path = argv ? file : (found.find(existsSync) ?? file);
  return lasting(
    `${path} does not answer as oidc-token does: it is another program, or a broken one. Put oidc-token before it on ` +
      'PATH, or name its file in the "command" option of the plugin',
  );
}
