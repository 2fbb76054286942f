import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { median } from "../support/bench/measure.js";
import { named, openCodeMissing } from "../support/opencode-setting.js";
import { signedInSetting } from "../support/opencode-signed-in.js";
import { type Lap, OpenCodeStopwatch } from "../support/opencode-stopwatch.js";

/** Messages a provider. `npm run bench -- opencode` measures the same at length, with the Secret Service too. */
const MESSAGES = 40;

describe.skipIf(openCodeMissing)(named("What the plugin adds to a request of OpenCode"), () => {
  const setting = signedInSetting();

  test("is next to nothing: the token is there when the request is, and a fixed key is hardly faster", async () => {
    const stopwatch = await OpenCodeStopwatch.start(setting);
    const laps = { acme: [] as Lap[], fixed: [] as Lap[] };
    for (let i = 0; i < MESSAGES; i++) {
      for (const provider of ["acme", "fixed"] as const) laps[provider].push(await stopwatch.lap(provider));
    }
    const bare = median(Array.from({ length: 20 }, () => bareRuntime(setting.opencode.binary)));
    const told = (provider: "acme" | "fixed", what: keyof Lap) => {
      const all = laps[provider].map((lap) => lap[what]);
      return `${median(all).toFixed(1)} / ${median(all, 0.95).toFixed(1)}`;
    };
    console.log(
      `median / p95 in ms: a message with a fixed key ${told("fixed", "message")}, with a token ` +
        `${told("acme", "message")}, of which it waits for the token ${told("acme", "wait")}; ` +
        `an empty script in the same runtime ${bare.toFixed(1)}`,
    );
    const wait = median(laps.acme.map((lap) => lap.wait));
    expect(wait).toBeLessThan(bare / 2);
  }, 300_000);
});

function bareRuntime(binary: string): number {
  const started = performance.now();
  execFileSync(binary, ["-e", "0"], { env: { BUN_BE_BUN: "1" }, timeout: 10_000 });
  return performance.now() - started;
}
