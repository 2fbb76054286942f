import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promptFor } from "../support/model-server.js";
import { PLUGIN } from "../support/opencode.js";
import { OpenCodeServer } from "../support/opencode-server.js";
import {
  named,
  openCodeMissing,
  type Setting,
  STATIC_KEY,
  startSetting,
} from "../support/opencode-setting.js";

/** Requests to the model in one conversation, and conversations a provider. */
const REQUESTS = 15;
const CONVERSATIONS = 3;

/** A plugin that stands around the `fetch` of both providers, inside OpenCode, and writes down what each call took. */
function stopwatch(file: string): string {
  return `
    import { appendFileSync } from "node:fs";
    const timed = (name, send) => async (input, init) => {
      const started = performance.now();
      const response = await send(input, init);
      appendFileSync(${JSON.stringify(file)}, name + " " + (performance.now() - started) + "\\n");
      return response;
    };
    export default { id: "stopwatch", server: async () => ({
      async config({ provider }) {
        provider.acme.options.fetch = timed("plugin", provider.acme.options.fetch);
        provider.fixed.options.fetch = timed("fixed", fetch);
      },
    }) };`;
}

describe.skipIf(openCodeMissing)(named("What the plugin adds to a request of OpenCode"), () => {
  let setting: Setting;
  beforeAll(async () => {
    setting = await startSetting();
    await setting.signIn();
  });
  afterAll(() => setting?.stop());

  test("is about the start of one process, beside the same request with a fixed key", async () => {
    const { opencode, sandbox, gateway } = setting;
    const times = join(sandbox.home, "times");
    const plugin = join(sandbox.home, "stopwatch.js");
    writeFileSync(plugin, stopwatch(times));
    const fixed = {
      npm: "@ai-sdk/openai-compatible",
      options: { baseURL: gateway.url, apiKey: STATIC_KEY },
      models: { large: {} },
    };
    const plugins = [PLUGIN, pathToFileURL(plugin).href];
    opencode.configure({
      plugin: plugins,
      provider: { fixed },
      small_model: "fixed/large",
      permission: "allow",
    });
    writeFileSync(join(opencode.project, "notes.txt"), "words");
    const server = await OpenCodeServer.start(opencode);
    const read = { name: "read", arguments: { filePath: join(opencode.project, "notes.txt") } };
    const text = promptFor(...Array(REQUESTS - 1).fill(read));
    for (let i = 0; i < CONVERSATIONS; i++) {
      for (const providerID of ["acme", "fixed"]) {
        const body = { model: { providerID, modelID: "large" }, parts: [{ type: "text", text }] };
        await server.call("POST", `/session/${await server.newSession()}/message`, body);
      }
    }

    const lines = readFileSync(times, "utf8").trim().split("\n");
    const taken = (name: string) =>
      lines
        .filter((line) => line.startsWith(name))
        .map((line) => Number(line.split(" ")[1]))
        .sort((a, b) => a - b);
    const bare = Array.from({ length: 20 }, () => bareRuntime(opencode.binary)).sort((a, b) => a - b);
    const of = (sorted: number[], share: number) =>
      Math.round(sorted[Math.floor(sorted.length * share)] ?? Number.NaN);
    const plugged = taken("plugin");
    const plain = taken("fixed");
    console.log(
      `a request of OpenCode, median / p95 in ms: fixed key ${of(plain, 0.5)} / ${of(plain, 0.95)}, ` +
        `plugin ${of(plugged, 0.5)} / ${of(plugged, 0.95)} (${plugged.length} requests); ` +
        `an empty script in the same runtime ${of(bare, 0.5)} / ${of(bare, 0.95)}`,
    );
    expect(plugged.length).toBeGreaterThanOrEqual(REQUESTS * CONVERSATIONS);
    expect(plain.length).toBeGreaterThanOrEqual(REQUESTS * CONVERSATIONS);
    expect(of(plugged, 0.5) - of(plain, 0.5)).toBeLessThan(4 * of(bare, 0.5));
  }, 300_000);
});

function bareRuntime(binary: string): number {
  const started = performance.now();
  execFileSync(binary, ["-e", "0"], { env: { BUN_BE_BUN: "1" }, timeout: 10_000 });
  return performance.now() - started;
}
