import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { secretServiceProduct } from "../../../../src/store/keyring/product.js";
import { Body, type FakeBus, startFakeBus } from "../dbus/fake-bus.js";

let folder: string;
let bus: FakeBus | undefined;
let keyring: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "oidc-token-product-"));
});
afterEach(async () => {
  keyring?.kill("SIGKILL");
  await bus?.stop();
  bus = undefined;
  rmSync(folder, { recursive: true });
});

/** A bus on which a process of this name answers as the Secret Service. */
async function named(name: string): Promise<string | undefined> {
  const program = join(folder, name);
  // The kernel names a process after its script.
  writeFileSync(program, "#!/bin/sh\nread _\n", { mode: 0o700 });
  keyring = spawn(program, { stdio: ["pipe", "ignore", "ignore"] });
  await new Promise((resolve) => keyring?.once("spawn", resolve));
  const { pid = 0 } = keyring;
  return await asked((call) => {
    expect(call).toContain("org.freedesktop.secrets");
    return new Body("u").u32(pid);
  });
}

async function asked(answer: (call: string) => Body | undefined): Promise<string | undefined> {
  bus = await startFakeBus(join(folder, "bus"), (call) => {
    if (!call.text.includes("GetConnectionUnixProcessID")) return call.answer(new Body("s").text(":1.1"));
    const body = answer(call.text);
    if (body) call.answer(body);
    else call.answer(new Body(""), 3, { 4: "org.freedesktop.DBus.Error.NameHasNoOwner" });
  });
  return await secretServiceProduct({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${folder}/bus` });
}

describe.skipIf(process.platform !== "linux")("the program that keeps the keyring", () => {
  it.each([
    ["gnome-keyring-daemon", "GNOME Keyring"],
    ["kwalletd6", "KWallet"],
    ["ksecretd", "KWallet"],
    ["keepassxc", "KeePassXC"],
    ["something-else", undefined],
  ])("%s is told as %s", async (name, product) => {
    expect(await named(name)).toBe(product);
  });

  it("is not told where nobody answers as one, or there is no bus", async () => {
    expect(await asked(() => undefined)).toBeUndefined();
    expect(
      await secretServiceProduct({ DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere/bus" }),
    ).toBeUndefined();
  });
});
