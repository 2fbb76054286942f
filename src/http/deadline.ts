/** How a wait ended before its time: its own limit, or somebody above gave up. */
export type WhyEnded = "timeout" | "interrupted";

export interface Deadline {
  readonly signal: AbortSignal;
  /** Undefined while it runs. */
  why(): WhyEnded | undefined;
  /** Stops the clock and lets go of the parent. Call it in a `finally`. */
  end(): void;
}

/**
 * A signal that aborts after `seconds`, or when `parent` does. Made by hand: on Node 20 the signals of
 * `AbortSignal.any` over `AbortSignal.timeout` can be collected before they fire, and then a call hangs.
 */
export function deadline(seconds: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const expire = () => controller.abort(new DOMException("the time is up", "TimeoutError"));
  const follow = () => {
    controller.abort(isTimeout(parent) ? parent?.reason : new DOMException("interrupted", "AbortError"));
  };
  const timer = setTimeout(expire, Math.min(Math.max(seconds, 0) * 1000, 2 ** 31 - 1));
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
