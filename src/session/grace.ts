import { interrupted as interruption } from "../errors.js";

/** What becomes of an answer that is on its way when the person presses Ctrl-C. */
export interface Grace {
  /** Seconds it still has. */
  readonly seconds: number;
  /** Called where it takes long enough for a person to wonder. */
  readonly onWait?: () => void;
  /** What to do where it did not come in time. */
  readonly hint?: string;
}

/** For answers that may be lost: whoever asks again gets another. */
const SHORT: Grace = { seconds: 1.5 };
/** Milliseconds before it is said what is waited for. */
const PATIENCE = 700;

/** The answer of a provider, which after Ctrl-C still has a moment to arrive. Throws `interrupted` where it does not. */
export async function withGrace<T>(
  interrupted: AbortSignal,
  answer: Promise<T>,
  { seconds, onWait, hint }: Grace = SHORT,
): Promise<T> {
  const timers: NodeJS.Timeout[] = [];
  let giveUp = (): void => {};
  const given_up = new Promise<never>((_, reject) => {
    const error = interruption(hint);
    giveUp = () => {
      if (onWait) timers.push(setTimeout(onWait, PATIENCE));
      timers.push(setTimeout(() => reject(error), seconds * 1000));
    };
  });
  if (interrupted.aborted) giveUp();
  else interrupted.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([answer, given_up]);
  } finally {
    interrupted.removeEventListener("abort", giveUp);
    timers.forEach(clearTimeout);
  }
}
