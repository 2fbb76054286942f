import type { OpenCode, OpenCodeRunOptions } from "./opencode.js";

export interface Reply {
  /** The answer's text, or nothing. */
  readonly text: string;
  /** What OpenCode shows in place of an answer. */
  readonly error: string | undefined;
}

export interface SayOptions {
  /** The folder of the session, where it is not the server's own. */
  readonly directory?: string;
  /** As `provider/model`; the configured one unless told. */
  readonly model?: string;
}

/** `opencode serve`, and a client to it. */
export class OpenCodeServer {
  private constructor(
    private readonly address: string,
    /** Ends it; what starts OpenCode ends it too, at the latest. */
    readonly stop: () => Promise<void>,
  ) {}

  static async start(opencode: OpenCode, options: OpenCodeRunOptions = {}): Promise<OpenCodeServer> {
    const { address, stop } = await opencode.serve(options);
    return new OpenCodeServer(address, stop);
  }

  /** One call of OpenCode's HTTP API; its body, whatever the status. */
  async call(method: string, path: string, body?: object, seconds = 240): Promise<unknown> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(seconds * 1000),
    });
    const text = await response.text();
    return text === "" ? undefined : JSON.parse(text);
  }

  /** A session in this folder, or in the one the server was started in. */
  async newSession(directory?: string): Promise<string> {
    return ((await this.call("POST", `/session${inFolder(directory)}`, {})) as { id: string }).id;
  }

  /** Sends a message and waits for the end of the answer, tools and retries included. */
  async say(session: string, text: string, options: SayOptions = {}): Promise<Reply> {
    const { directory, model = "" } = options;
    const [providerID, modelID] = model.split("/");
    const answer = (await this.call("POST", `/session/${session}/message${inFolder(directory)}`, {
      parts: [{ type: "text", text }],
      ...(modelID && { model: { providerID, modelID } }),
    })) as {
      info: { error?: { data?: { message?: string } } };
      parts: { type: string; text?: string }[];
    };
    const said = answer.parts.filter(({ type }) => type === "text").map((part) => part.text ?? "");
    return { text: said.join("\n"), error: answer.info.error?.data?.message };
  }

  /** The ids of the models OpenCode offers of this provider; undefined where it does not know the provider. */
  async models(provider: string): Promise<string[] | undefined> {
    const { all } = (await this.call("GET", "/provider")) as { all: { id: string; models: object }[] };
    const found = all.find(({ id }) => id === provider);
    return found && Object.keys(found.models).sort();
  }
}

function inFolder(directory: string | undefined): string {
  return directory === undefined ? "" : `?directory=${encodeURIComponent(directory)}`;
}
