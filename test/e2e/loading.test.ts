import { afterAll, beforeAll, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { loadedBy } from "../support/loaded.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";

let provider: TestProvider;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  sandbox.configure({ profiles: { acme: browserProfile(provider) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  sandbox.dispose();
  await provider.stop();
});

it.each([["--version"], ["-V"]])("%s loads nothing but the hot path's bundle", async (flag) => {
  const { outcome, files, built_ins } = await loadedBy(sandbox, [flag]);
  expect(outcome).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: "" });
  expect(files).toEqual(["oidc-token.js", "main.cjs"]);
  expect(built_ins.filter((part) => !["fs", "os", "path"].includes(part))).toEqual([]);
});

it.each([["status"], ["profiles"], ["refresh"], ["status", "--help"]])(
  "%s is loaded without the loader of ECMAScript modules, which alone takes 8 ms",
  async (...args) => {
    const { outcome, files } = await loadedBy(sandbox, args);
    expect(outcome).toMatchObject({ code: 0 });
    expect(files).toContain("cli.cjs");
    expect(files.filter((file) => !/^oidc-token\.js$|\.cjs$/.test(file))).toEqual([]);
  },
);

it("a refresh loads neither Node's own fetch, which takes longer than all else, nor a package", async () => {
  const { outcome, files, built_ins } = await loadedBy(sandbox, ["refresh"]);
  expect(outcome).toMatchObject({ code: 0 });
  expect(built_ins).toContain("http");
  // Whatever undici brings in, inside Node as well.
  expect(
    built_ins.filter((part) => /^(?:http2|zlib|worker_threads|child_process|https|tls)$/.test(part)),
  ).toEqual([]);
  expect(files.filter((file) => /[\\/]/.test(file))).toEqual([]);
});
