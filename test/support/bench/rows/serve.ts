import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Sandbox } from "../../command.js";
import { loginEvents } from "../../signed-in.js";
import type { Contender, Group } from "../contender.js";
import { median } from "../measure.js";
import type { World } from "../world.js";

const STREAMS = 200;
/** Requests whose median is one run's time. */
const REQUESTS = 11;
/** Milliseconds that the first byte may come later than from the gateway itself. */
const LATER = 5;
/** Milliseconds between two events of a stream, as when a model writes. */
const EVERY = 250;

/** `serve`: how much later the first byte of an answer comes than from the gateway itself. */
export default async function serve(world: World): Promise<Group[]> {
  const gateway = createServer((request, response) => {
    request.resume();
    response.write("data: first\n\n");
    if (!request.url?.endsWith("/stream")) return void response.end();
    const ticking = setInterval(() => response.write("data: next\n\n"), EVERY);
    response.once("close", () => clearInterval(ticking));
  });
  gateway.listen(0, "127.0.0.1");
  await once(gateway, "listening");
  world.later(() => {
    gateway.closeAllConnections();
    gateway.close();
  });
  const base_url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/v1`;
  const { url, key } = await serving(world, base_url);
  const address = url.replace(/\/$/, "");
  return [0, STREAMS].map((streams) => {
    const itself = firstByte("the gateway itself", base_url, {}, streams);
    const through = firstByte("through serve", address, { authorization: `Bearer ${key}` }, streams);
    return {
      title: `The first byte of an answer${streams > 0 ? `, beside ${streams} streams` : ""}`,
      contenders: [itself, through],
      ratios: [{ of: through.name, to: [itself.name], at_most_over: LATER }],
    };
  });
}

async function serving(world: World, base_url: string): Promise<{ url: string; key: string }> {
  const sandbox = new Sandbox({ GATEWAY_TOKEN: "token-of-the-bench" });
  world.later(() => sandbox.dispose());
  sandbox.configure({ profiles: { gw: { flow: "static_key", key: "{env:GATEWAY_TOKEN}", base_url } } });
  const server = sandbox.start(["serve", "--json"], { limit: 7_200_000 });
  world.later(async () => {
    server.kill("SIGTERM");
    await server.outcome;
  });
  for await (const event of loginEvents(server)) return event as unknown as { url: string; key: string };
  throw new Error("serve did not start");
}

function firstByte(
  name: string,
  address: string,
  headers: Readonly<Record<string, string>>,
  streams: number,
): Contender {
  const ask = async (path: string): Promise<IncomingMessage> => {
    const [response] = (await once(get(`${address}${path}`, { headers }), "response")) as [IncomingMessage];
    await once(response, "data");
    response.on("error", () => {}).resume();
    return response;
  };
  return {
    name,
    run: async () => {
      const open = await Promise.all(Array.from({ length: streams }, () => ask("/stream")));
      const took: number[] = [];
      for (let count = 0; count < REQUESTS; count += 1) {
        const started = performance.now();
        const response = await ask("/x");
        took.push(performance.now() - started);
        if (!response.readableEnded) await once(response, "end");
      }
      for (const response of open) response.destroy();
      return median(took);
    },
  };
}
