import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { ProfileFacts } from "../../commands/profiles.js";
import { type Command, NAME } from "./command.js";
import { lasting } from "./failure.js";

/** What is read of a row of `status --json`. */
export interface Status {
  readonly profile: string;
  readonly next: string;
}

/**
 * The profiles there are. Rejects with a sentence where there is no answer, or one that only another program by the
 * same name would give.
 */
export async function profilesOf(command: Command): Promise<readonly ProfileFacts[]> {
  const answer = await command.run(["profiles", "--json"], { seconds: 20 }).catch((error: Error) => {
    throw /^oidc-token ended with/.test(error.message) ? impostor(command) : error;
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

/** The profiles that nobody is signed in to; none where the command does not say. */
export async function signedOut(command: Command): Promise<ReadonlySet<string>> {
  try {
    const rows = await statusOf(command, 10);
    return new Set(rows.filter(({ next }) => next === "sign_in").map(({ profile }) => profile));
  } catch {
    return new Set();
  }
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
