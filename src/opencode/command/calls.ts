import type { Command } from "./command.js";

/** A process under way, and how many wait for its end. */
interface Call {
  readonly answer: Promise<string>;
  readonly stop: AbortController;
  waiting: number;
}

/** Runs of the command, of which one serves all who ask the same at the same time. */
export class Calls {
  readonly #command: Command;
  readonly #running = new Map<string, Call>();

  constructor(command: Command) {
    this.#command = command;
  }

  /** Begins a call that nobody waits for yet: who asks the same with `share` while it runs gets its answer. */
  start(args: readonly string[], seconds: number): Promise<string> {
    return this.#call(args, seconds).answer;
  }

  /** As `Command.run`; the process ends when nobody waits any more. */
  share(args: readonly string[], seconds: number, signal?: AbortSignal | null): Promise<string> {
    signal?.throwIfAborted();
    const call = this.#call(args, seconds);
    call.waiting++;
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(signal?.reason);
        if (--call.waiting === 0 && this.#forget(args, call)) call.stop.abort();
      };
      signal?.addEventListener("abort", leave, { once: true });
      call.answer.then(resolve, reject).finally(() => signal?.removeEventListener("abort", leave));
    });
  }

  #call(args: readonly string[], seconds: number): Call {
    const running = this.#running.get(args.join("\0"));
    if (running) return running;
    const stop = new AbortController();
    const call = { stop, waiting: 0, answer: this.#command.run(args, { seconds, signal: stop.signal }) };
    this.#running.set(args.join("\0"), call);
    const ended = () => this.#forget(args, call);
    call.answer.then(ended, ended);
    return call;
  }

  #forget(args: readonly string[], call: Call): boolean {
    const key = args.join("\0");
    return this.#running.get(key) === call && this.#running.delete(key);
  }
}
