import { interrupted as interruption } from "../errors.js";

/** Milliseconds. */
const GRACE = 1500;

/**
 * The answer of a provider, which after Ctrl-C still has a moment to arrive: a refresh token that the provider has
 * already rotated would be lost with it. Throws `interrupted` where it does not.
 */
export async function withGrace<T>(interrupted: AbortSignal, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let giveUp = (): void => {};
  const given_up = new Promise<never>((_, reject) => {
    const error = interruption();
    giveUp = () => {
      timer = setTimeout(() => reject(error), GRACE);
    };
  });
  if (interrupted.aborted) giveUp();
  else interrupted.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([answer, given_up]);
  } finally {
    interrupted.removeEventListener("abort", giveUp);
    clearTimeout(timer);
  }
}
