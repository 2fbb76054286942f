import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { executable } from "../../standalone.mjs";
import { LONG } from "../long.js";
import { pathWithoutNode } from "./path-without-node.js";

/**
 * The tests of the command, run against this machine's executable, with no Node on PATH. All of them, the long list
 * included, where OIDC_TOKEN_TEST_LONG is set.
 */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: ["test/standalone/**/*.test.ts", "test/e2e/**/*.test.ts", "test/real/keyring-command.test.ts"],
    // Which files of the package are loaded is not a question here.
    exclude: [
      ...configDefaults.exclude,
      "test/e2e/loading.test.ts",
      ...(process.env.OIDC_TOKEN_TEST_LONG ? [] : LONG),
    ],
    env: {
      OIDC_TOKEN_TEST_COMMAND: process.env.OIDC_TOKEN_TEST_COMMAND || executable(),
      PATH: pathWithoutNode(),
    },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Its own default of a second is short on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    pool: "forks",
    maxWorkers: 4,
    restoreMocks: true,
  },
});
