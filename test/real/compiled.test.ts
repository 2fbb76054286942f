import { chmodSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { installRuntimes } from "../support/runtimes.js";
import { browserProfile } from "../support/signed-in.js";

const newer = installRuntimes().find(({ name }) => name === "Node 24");

describe.skipIf(!newer && !process.env.OIDC_TOKEN_TEST_NO_SKIP)("what Node 24 has compiled", () => {
  let sandbox: Sandbox;
  let cache: string;
  beforeAll(() => {
    sandbox = new Sandbox();
    cache = join(sandbox.home, "cache", "oidc-token");
    sandbox.configure({ profiles: { acme: browserProfile({ issuer: "http://127.0.0.1:9" }) } });
  });
  afterAll(() => sandbox.dispose());
  const profiles = () => sandbox.run(["profiles"], { runtime: [newer?.path ?? "node 24 is missing"] });

  it("is kept for the next start, in the cache folder", async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const first = await profiles();
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(await profiles()).toMatchObject({ code: 0, stdout: first.stdout, stderr: "" });
    expect(readdirSync(join(cache, "compiled"))).not.toEqual([]);
    expect(await profiles()).toMatchObject({ code: 0, stdout: first.stdout, stderr: "" });
  });

  it("is neither kept nor run where others can write", async () => {
    const other = new Sandbox();
    try {
      other.configure({ profiles: { acme: browserProfile({ issuer: "http://127.0.0.1:9" }) } });
      const run = () => other.run(["profiles"], { runtime: [newer?.path ?? "node 24 is missing"] });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await run()).toMatchObject({ code: 0 });
      chmodSync(join(other.home, "cache", "oidc-token"), 0o777);
      expect(await run()).toMatchObject({ code: 0 });
      expect(existsSync(join(other.home, "cache", "oidc-token", "compiled"))).toBe(false);
    } finally {
      other.dispose();
    }
  });
});
