import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox({ LLM_API_KEY: "sk-12345678" });
  sandbox.configure({ profiles: { ci: { flow: "static_key", key: "{env:LLM_API_KEY}" } } });
});
afterEach(() => sandbox.dispose());

/** Runs the command from a shell that has put something else in the place of stdout or stderr. */
const run = (args: readonly string[], redirection: string) =>
  sandbox.run(args, { through: ["sh", "-c", `"$0" "$@" ${redirection}`] });

describe.skipIf(process.platform !== "linux")("exit code 0 means that the caller has its answer:", () => {
  it.each([
    ["a token", ["get"]],
    ["much more than a pipe holds", ["config", "schema"]],
    ["a table", ["status"]],
    ["help", ["--help"]],
    ["a command's help", ["get", "--help"]],
    ["the version", ["--version"]],
  ])("%s that the disk has no room for is told, in two lines", async (_what, args) => {
    const { code, stderr } = await run(args, ">/dev/full");
    expect(code).toBe(5);
    expect(stderr).toBe(
      "oidc-token: the output could not be written: ENOSPC\n" +
        "oidc-token: hint: make room where stdout goes, then run it again\n",
    );
  });

  it("a reader that has had enough is no error and no stack trace", async () => {
    const { code, stderr } = await run(["config", "schema"], "| head -c 1 >/dev/null");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("a reader that is slow gets all of it", async () => {
    const whole = await sandbox.run(["config", "schema"]);
    expect(whole.stdout.length).toBeGreaterThan(0);
    const slow = await run(["config", "schema"], "| (sleep 1; cat)");
    expect(slow).toMatchObject({ code: 0, stdout: whole.stdout, stderr: "" });
  });

  it("a stdout that is closed is no error", async () => {
    expect(await run(["profiles"], ">&-")).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  it("a stderr that takes nothing does not change how the command ends", async () => {
    expect((await run(["get", "-p", "nope"], "2>/dev/full")).code).toBe(4);
    expect(await run(["get"], "2>/dev/full")).toMatchObject({ code: 0, stdout: "sk-12345678\n" });
  });
});
