import { distance } from "fastest-levenshtein";

/** Characters of a name that are looked at. */
const LONGEST = 64;
/** Characters that the beginning of a name needs to stand for the whole. */
const SHORTEST = 4;

/** The one of `names` that was probably meant, or undefined where none comes near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const wanted = bare(name);
  const begun =
    wanted.length < SHORTEST ? [] : names.filter((candidate) => bare(candidate).startsWith(wanted));
  if (begun.length === 1) return begun[0];
  let best: string | undefined;
  // A third of the letters may be wrong, never all of them.
  let least = Math.min(Math.max(2, Math.floor(wanted.length / 3)) + 1, wanted.length);
  for (const candidate of names) {
    const mistakes = distance(wanted.slice(0, LONGEST), bare(candidate));
    if (mistakes < least) [best, least] = [candidate, mistakes];
  }
  return best;
}

/** `clientId`, `client-id` and `CLIENT_ID` all mean `client_id`. */
function bare(name: string): string {
  return name.toLowerCase().replace(/[_\-\s]/g, "");
}
