/** How a wait ended before its time: its own limit, or somebody above gave up. */
export type WhyEnded = "timeout" | "interrupted";

export interface Deadline {
  readonly signal: AbortSignal;
  /** Undefined while it runs. */
  why(): WhyEnded | undefined;
  /** Stops the clock and lets go of the parent. Call it in a `finally`. */
  end(): void;
}

/** Milliseconds between two looks at the clock. */
const LOOK = 1000;
/** Milliseconds a look may be late before this process counts as having been stopped. */
const PAUSE = 1500;

/**
 * A signal that aborts after `seconds`, or when `parent` does. Made by hand: on Node 20 the signals of
 * `AbortSignal.any` over `AbortSignal.timeout` can be collected before they fire, and then a call hangs.
 *
 * A process that was stopped meanwhile (Ctrl-Z, a laptop's lid) finds the time up when it goes on, though the answer may
 * lie in its socket: the time then begins anew, and what has arrived is read first.
 */
export function deadline(seconds: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const whole = Math.min(Math.max(seconds, 0) * 1000, 2 ** 31 - 1);
  let left = whole;
  let timer: NodeJS.Timeout;
  const wait = () => {
    const looked = performance.now();
    const slice = Math.min(left, LOOK);
    timer = setTimeout(() => {
      const passed = performance.now() - looked;
      left = passed > slice + PAUSE ? whole : left - Math.max(passed, slice);
      if (left > 0) wait();
      else controller.abort(new DOMException("the time is up", "TimeoutError"));
    }, slice);
  };
  const follow = () => {
    controller.abort(isTimeout(parent) ? parent?.reason : new DOMException("interrupted", "AbortError"));
  };
  wait();
  if (parent?.aborted) follow();
  else parent?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    why() {
      if (!controller.signal.aborted) return undefined;
      return isTimeout(controller.signal) ? "timeout" : "interrupted";
    },
    end() {
      clearTimeout(timer);
      parent?.removeEventListener("abort", follow);
    },
  };
}

function isTimeout(signal: AbortSignal | undefined): boolean {
  return signal?.reason instanceof DOMException && signal.reason.name === "TimeoutError";
}
