import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Bench } from "../../support/tools/bench.js";
import { onPath } from "../../support/tools/installed.js";

const curl = onPath("curl", true);

describe.skipIf(curl.missing)(curl.named("curl"), () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench?.stop());

  test("the line that setup prints asks with a token, another after an expiry; nothing is written", async () => {
    const { stdout } = await bench.command("setup", "curl");
    const line = stdout.trim().replace("<path>", "models");
    await bench.live(async () => {
      const answer = await bench.run("sh", ["-c", line.replace("| curl", "| curl -sf")]);
      expect(answer).toMatchObject({ code: 0, stderr: "" });
      expect(answer.stdout).toContain('"ok"');
    }, "does not ask again");
    expect(await bench.undo("curl")).toEqual([]);
  });
});
