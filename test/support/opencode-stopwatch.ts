import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PLUGIN } from "./opencode.js";
import { OpenCodeServer } from "./opencode-server.js";
import { type Setting, STATIC_KEY } from "./opencode-setting.js";

/** What one message to OpenCode took, in milliseconds. */
export interface Lap {
  /** From the message to the end of its answer. */
  readonly message: number;
  /** From OpenCode's call of its provider's `fetch` to the request itself: the wait for a token. */
  readonly wait: number;
}

/**
 * A plugin inside OpenCode that stands before the `fetch` of both providers and before the one of the runtime, and
 * writes down how long the one takes to come to the other.
 */
function stopwatch(file: string): string {
  return `
    import { appendFileSync } from "node:fs";
    let begun;
    const real = globalThis.fetch;
    globalThis.fetch = Object.assign((input, init) => {
      if (begun !== undefined) appendFileSync(${JSON.stringify(file)}, performance.now() - begun + "\\n");
      begun = undefined;
      return real(input, init);
    }, real);
    const timed = (send) => (input, init) => {
      begun = performance.now();
      return send(input, init);
    };
    export default { id: "stopwatch", server: async () => ({
      async config({ provider }) {
        const { options } = provider.acme;
        options.fetch = timed(options.fetch);
        provider.fixed.options.fetch = timed((input, init) => globalThis.fetch(input, init));
      },
    }) };`;
}

/** One OpenCode with two providers at the same gateway: \`acme\` by the plugin and \`fixed\` with a key that stands in its configuration. */
export class OpenCodeStopwatch {
  readonly #server: OpenCodeServer;
  readonly #file: string;
  readonly #sessions = new Map<string, string>();

  private constructor(server: OpenCodeServer, file: string) {
    this.#server = server;
    this.#file = file;
  }

  static async start({ opencode, sandbox, gateway }: Setting): Promise<OpenCodeStopwatch> {
    const file = join(sandbox.home, "waits");
    const plugin = join(sandbox.home, "stopwatch.js");
    writeFileSync(plugin, stopwatch(file));
    const npm = "@ai-sdk/openai-compatible";
    const fixed = { npm, options: { baseURL: gateway.url, apiKey: STATIC_KEY }, models: { large: {} } };
    opencode.configure({
      plugin: [PLUGIN, pathToFileURL(plugin).href],
      provider: { fixed },
      // No title is asked for beside the message that is measured.
      agent: { title: { disable: true } },
    });
    return new OpenCodeStopwatch(await OpenCodeServer.start(opencode, { limit: 1_800_000 }), file);
  }

  /** Sends one message in the provider's own session. */
  async lap(providerID: "acme" | "fixed"): Promise<Lap> {
    const session = this.#sessions.get(providerID) ?? (await this.#server.newSession());
    this.#sessions.set(providerID, session);
    const before = this.#waits().length;
    const body = { model: { providerID, modelID: "large" }, parts: [{ type: "text", text: "hi" }] };
    const begun = performance.now();
    const answer = await this.#server.call("POST", `/session/${session}/message`, body);
    const message = performance.now() - begun;
    const waits = this.#waits().slice(before);
    if (waits.length !== 1 || !JSON.stringify(answer).includes("Hello from the model")) {
      throw new Error(`${waits.length} requests of one message: ${JSON.stringify(answer)}`);
    }
    return { message, wait: waits[0] ?? Number.NaN };
  }

  #waits(): number[] {
    return existsSync(this.#file) ? readFileSync(this.#file, "utf8").trim().split("\n").map(Number) : [];
  }
}
