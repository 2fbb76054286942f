import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { LONG } from "./long.js";

export default defineConfig({
  test: {
    root: fileURLToPath(new URL("..", import.meta.url)),
    include: ["test/unit/**/*.test.ts", "test/e2e/**/*.test.ts"],
    exclude: [...configDefaults.exclude, ...LONG],
    // The plugin runs in the test's own process, and its log would go to whoever runs the tests.
    env: { OIDC_TOKEN_LOG: "none" },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Its own default of a second is short on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    pool: "forks",
    // Most of them wait for a command they have started, so more than one a core.
    maxWorkers: 4,
    restoreMocks: true,
  },
});
