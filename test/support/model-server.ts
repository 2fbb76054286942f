import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A tool the model asks for. */
export interface ToolCall {
  readonly name: string;
  readonly arguments: object;
}

export interface ModelServer {
  readonly url: string;
  /** What `GET /v1/models` lists; can be changed at any time. */
  models: string[];
  /** Answers with this many prompt tokens in its usage: many make a client compact its session. */
  prompt_tokens: number;
  /** The headers of every request, in order. */
  readonly headers: IncomingHttpHeaders[];
  stop(): Promise<void>;
}

interface Message {
  readonly role: string;
  readonly content: string | readonly { readonly text?: string }[] | null;
}

interface ChatRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly Message[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly response_format?: { readonly type: string };
}

const MARK = "TOOLS:";

/**
 * The prompt that makes the model call these tools one after another, then say what the last one answered. Without
 * blanks and quotes, which clients change on the way.
 */
export function promptFor(...calls: readonly ToolCall[]): string {
  return MARK + Buffer.from(JSON.stringify(calls)).toString("base64url");
}

/**
 * A model behind OpenAI's chat API on 127.0.0.1, without credentials: it says hello, or calls the tools its prompt
 * names. The number of tool results tells it where it is, so that every conversation ends. Call `stop`.
 */
export async function startModelServer(): Promise<ModelServer> {
  const server = createServer((request, response) => {
    state.headers.push(request.headers);
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    request.on("end", () => {
      if (request.url === "/v1/models") return listModels(response, state.models);
      if (request.url !== "/v1/chat/completions") return void response.writeHead(404).end();
      answer(JSON.parse(text) as ChatRequest, response, state.prompt_tokens);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const state: ModelServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    models: ["large", "small"],
    prompt_tokens: 10,
    headers: [],
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return state;
}

function listModels(response: ServerResponse, models: readonly string[]): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ object: "list", data: models.map((id) => ({ id, object: "model" })) }));
}

function answer(request: ChatRequest, response: ServerResponse, prompt_tokens: number): void {
  const { call, content } = nextStep(request);
  const usage = { prompt_tokens, completion_tokens: 5, total_tokens: prompt_tokens + 5 };
  const finish_reason = call ? "tool_calls" : "stop";
  const tool_calls = call && [
    {
      index: 0,
      id: `call_${Math.random().toString(36).slice(2)}`,
      type: "function",
      function: { name: call.name, arguments: JSON.stringify(call.arguments) },
    },
  ];
  const message = { role: "assistant", content, ...(tool_calls && { tool_calls }) };
  const common = { id: "chatcmpl-test", created: 0, model: request.model };
  if (!request.stream) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...common, choices: [{ index: 0, message, finish_reason }], usage }));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (choice: object, more: object = {}) => {
    const chunk = { ...common, object: "chat.completion.chunk", choices: [{ index: 0, ...choice }], ...more };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  send({ delta: message, finish_reason: null });
  send({ delta: {}, finish_reason }, { usage });
  response.end("data: [DONE]\n\n");
}

function nextStep(request: ChatRequest): { call?: ToolCall; content: string } {
  const { messages } = request;
  const asked = messages.findLastIndex(
    ({ role, content }) => role === "user" && textOf(content).includes(MARK),
  );
  const prompt = textOf(messages[asked]?.content ?? "");
  const script = /TOOLS:([\w-]*)/.exec(prompt)?.[1] ?? "";
  const results = messages.slice(asked + 1).filter(({ role }) => role === "tool");
  if (asked >= 0 && (request.tools?.length ?? 0) > 0) {
    const calls = JSON.parse(Buffer.from(script, "base64url").toString()) as ToolCall[];
    const call = calls[results.length];
    if (call) return { call, content: "" };
    return { content: `The last tool said: ${textOf(results.at(-1)?.content ?? "")}` };
  }
  if (request.response_format || /agent configuration/i.test(textOf(messages.at(-1)?.content ?? ""))) {
    const agent = { identifier: "reviewer", whenToUse: "Use it to review.", systemPrompt: "You review." };
    return { content: JSON.stringify(agent) };
  }
  return { content: "Hello from the model" };
}

function textOf(content: Message["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ text }) => text ?? "").join("\n");
}
