import { setMaxListeners } from "node:events";
import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { given } from "../given.js";

type Clack = typeof import("@clack/prompts");

export interface TextOptions {
  /** Stands there to be edited. */
  readonly initial?: string;
  /** Shown while nothing is typed. */
  readonly placeholder?: string;
}

export interface Choice<T> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** Questions to a person, on stderr and stdin. Each throws an OidcTokenError of kind `interrupted` where they leave. */
export class Questions {
  readonly #clack: Clack;
  readonly #streams;

  private constructor(context: Context, clack: Clack) {
    this.#clack = clack;
    this.#streams = { input: context.stdin, output: context.stderr, signal: context.interrupted };
  }

  static async on(context: Context): Promise<Questions> {
    // Each question waits for Ctrl-C, and Node warns from the eleventh on.
    setMaxListeners(0, context.interrupted);
    return new Questions(context, await import("@clack/prompts"));
  }

  title(text: string): void {
    this.#clack.intro(text, this.#streams);
  }

  note(title: string, text: string): void {
    this.#clack.note(text, title, this.#streams);
  }

  /** Ends in `interrupted` where the answer is no, too. */
  async goOn(message: string, initialValue = true, hint?: string): Promise<void> {
    if (!this.#given(await this.#clack.confirm({ ...this.#streams, message, initialValue })))
      throw cancelled(hint);
  }

  async text(
    message: string,
    { initial, placeholder }: TextOptions,
    validate: (text: string) => string | undefined,
  ): Promise<string> {
    const answer = await this.#clack.text({
      ...this.#streams,
      message,
      ...given({ initialValue: initial || undefined, placeholder }),
      validate: (text) => validate((text ?? "").trim()),
    });
    return this.#given(answer ?? "").trim();
  }

  async select<T>(message: string, choices: readonly Choice<T>[], initial?: T): Promise<T> {
    const answer = await this.#clack.select<number>({
      ...this.#streams,
      message,
      options: choices.map(({ label, hint }, value) => given({ value, label, hint })),
      initialValue: Math.max(
        0,
        choices.findIndex(({ value }) => value === initial),
      ),
    });
    return (choices[this.#given(answer)] as { value: T }).value;
  }

  #given<T>(answer: T): Exclude<T, symbol> {
    if (this.#clack.isCancel(answer)) throw cancelled();
    return answer as Exclude<T, symbol>;
  }
}

function cancelled(hint = "nothing was written; run the command again"): OidcTokenError {
  return new OidcTokenError("interrupted", "cancelled", hint);
}
