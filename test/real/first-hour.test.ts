import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { recordFirstHour } from "../support/first-hour.js";
import { missingSecretServiceParts } from "../support/secret-service.js";

const lacking = ["tmux", "curl"]
  .filter((program) => spawnSync(program, ["-V"], { timeout: 5000 }).error)
  .concat(missingSecretServiceParts());
const skipped = lacking.length > 0 && process.env.OIDC_TOKEN_TEST_NO_SKIP !== "1";
const why = skipped ? ` (skipped: ${lacking.join(", ")} not installed)` : "";

/** With `-u` it is written anew. */
it.skipIf(skipped)(`the README's picture is what a terminal shows today${why}`, async () => {
  const svg = await recordFirstHour();
  expect(svg).not.toMatch(/127\.0\.0\.1|<script|href=|url\(|@import/);
  expect(svg.length).toBeLessThan(20_000);
  await expect(svg).toMatchFileSnapshot("../../docs/first-hour.svg");
});
