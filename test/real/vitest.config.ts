import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { LONG } from "../long.js";

export default defineConfig({
  test: {
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: [...LONG, "test/real/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // Its own default of a second is short on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    pool: "forks",
    // Each of these starts daemons or a browser, or measures: one after another.
    fileParallelism: false,
  },
});
