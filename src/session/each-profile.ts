import type { LoadedConfig } from "../config/load.js";
import { isOidcTokenError, type OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import type { Profile } from "../profile.js";

/** What became of one profile: an answer, or why there is none. */
export type Answered<T> =
  | { readonly name: string; readonly answer: T }
  | {
      readonly name: string;
      readonly error: OidcTokenError;
      /** Absent where its keys do not make one. */
      readonly profile?: Profile;
    };

/**
 * Asks the same of several profiles, each on its own: one whose record is damaged, or whose keys do not go together, must
 * not keep the others from being answered. Where one and the same thing is wrong with them all, as with a keyring that does
 * not answer, that is thrown. So is an interruption.
 */
export async function eachProfile<T>(
  config: Pick<LoadedConfig, "profile">,
  names: readonly string[],
  ask: (profile: Profile) => Promise<T>,
): Promise<readonly Answered<T>[]> {
  const answerOf = async (name: string): Promise<Answered<T>> => {
    let profile: Profile | undefined;
    try {
      profile = config.profile(name);
      return { name, answer: await ask(profile) };
    } catch (error) {
      if (!isOidcTokenError(error) || error.kind === "interrupted") throw error;
      return { name, error, ...given({ profile }) };
    }
  };
  const answers: Answered<T>[] = [];
  for (const name of names) {
    if (answers.some((each) => "error" in each)) break;
    answers.push(await answerOf(name));
  }
  // The rest at once: what is wrong may be a keyring, which is waited for each time.
  answers.push(...(await Promise.all(names.slice(answers.length).map(answerOf))));
  const errors = answers.flatMap((each) => ("error" in each ? [each.error] : []));
  const [first] = errors;
  if (first && errors.length === names.length && errors.every(({ message }) => message === first.message)) {
    throw first;
  }
  return answers;
}
