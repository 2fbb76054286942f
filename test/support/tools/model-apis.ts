import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the model behind every one of these interfaces says. */
export const HELLO = "Hello from the model";

export interface ModelApis {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * A model on 127.0.0.1 that says hello by the interfaces agents speak, as their references describe them: Anthropic's
 * `/messages`, OpenAI's `/responses`, Google's `:generateContent`. No credentials: a gateway stands before it.
 */
export async function startModelApis(): Promise<ModelApis> {
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    request.on("end", () => {
      const path = new URL(request.url ?? "/", "http://model").pathname;
      const asked = text === "" ? {} : (JSON.parse(text) as { stream?: boolean });
      if (path.endsWith("/count_tokens")) json(response, { input_tokens: 1 });
      else if (path.endsWith("/messages")) anthropic(response, asked.stream === true);
      else if (path.endsWith("/responses")) stream(response, RESPONSES);
      else if (path.endsWith(":streamGenerateContent")) stream(response, [[undefined, GEMINI]]);
      else if (path.endsWith(":generateContent")) json(response, GEMINI);
      else if (path.endsWith("/models")) json(response, { object: "list", data: [{ id: "m" }], models: [] });
      else response.writeHead(404).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

type Event = readonly [name: string | undefined, data: object];

function json(response: ServerResponse, value: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function stream(response: ServerResponse, events: readonly Event[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [name, data] of events)
    response.write(`${name ? `event: ${name}\n` : ""}data: ${JSON.stringify(data)}\n\n`);
  response.end();
}

const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
};

function anthropic(response: ServerResponse, streamed: boolean): void {
  const whole = { ...MESSAGE, content: [{ type: "text", text: HELLO }], stop_reason: "end_turn" };
  if (!streamed) {
    json(response, whole);
    return;
  }
  const events = [
    { type: "message_start", message: { ...MESSAGE, content: [], stop_reason: null } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: HELLO } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } },
    { type: "message_stop" },
  ];
  stream(
    response,
    events.map((event) => [event.type, event] as const),
  );
}

const ITEM = {
  type: "message",
  id: "item_1",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text: HELLO, annotations: [] }],
};
const USAGE = {
  input_tokens: 1,
  output_tokens: 1,
  total_tokens: 2,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
};
const RESPONSES: readonly Event[] = [
  { type: "response.created", response: { id: "resp_1", status: "in_progress", output: [] } },
  { type: "response.output_item.done", output_index: 0, item: ITEM },
  {
    type: "response.completed",
    response: { id: "resp_1", status: "completed", output: [ITEM], usage: USAGE },
  },
].map((event) => [event.type, event] as const);

const GEMINI = {
  candidates: [{ content: { role: "model", parts: [{ text: HELLO }] }, finishReason: "STOP", index: 0 }],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
};
