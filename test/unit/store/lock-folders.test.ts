import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Environment } from "../../../src/paths.js";
import { lockFolders } from "../../../src/store/lock-folders.js";

let own: string;
let bus: string;
beforeEach(() => {
  own = mkdtempSync(join(tmpdir(), "oidc-token-run-"));
  bus = mkdtempSync(join(tmpdir(), "oidc-token-bus-"));
});
afterEach(() => {
  for (const folder of [own, bus]) rmSync(folder, { recursive: true, force: true });
});

const uid = process.getuid?.();
const folders = (env: Environment) => lockFolders(env, "/state");

describe.skipIf(process.platform === "win32")("locks live", () => {
  const of_user = `/run/user/${uid}`;
  const always = [...(existsSync(of_user) ? [`${of_user}/oidc-token`] : [])];
  const last = [`/tmp/oidc-token-${uid}`, "/state/locks"];

  it("in the folder of the user's number, else below the state folder", () => {
    expect(folders({})).toEqual([...always, ...last]);
  });

  it("rather beside the bus, which the keyring is behind, than in XDG_RUNTIME_DIR, which differs", () => {
    const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${bus}/bus,guid=0`, XDG_RUNTIME_DIR: own };
    expect(folders(env)).toEqual([...always, `${bus}/oidc-token`, `${own}/oidc-token`, ...last]);
  });

  it.each([
    "unix:path=/tmp/dbus-x",
    "unix:abstract=/tmp/dbus-x",
    "tcp:host=localhost,port=1",
    "nonsense",
    "",
  ])("in XDG_RUNTIME_DIR where the bus has no folder of the user's own: %s", (DBUS_SESSION_BUS_ADDRESS) => {
    const env = { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR: own };
    const shared = statSync("/tmp").mode & 0o022;
    expect(shared).not.toBe(0);
    expect(folders(env)).toEqual([...always, `${own}/oidc-token`, ...last]);
  });

  it.each<[string, () => string]>([
    ["is empty", () => ""],
    ["is relative", () => "run"],
    ["names a folder that is not there", () => join(own, "absent")],
    [
      "leads through a file",
      () => {
        writeFileSync(join(own, "file"), "");
        return join(own, "file", "run");
      },
    ],
    [
      "runs in circles",
      () => {
        symlinkSync("circle", join(own, "circle"));
        return join(own, "circle");
      },
    ],
    [
      "can be written to by others",
      () => {
        chmodSync(own, 0o777);
        return own;
      },
    ],
    ["is longer than any path", () => `/${"x".repeat(10_000)}`],
    ["has a byte no path can have", () => "/a\0b"],
  ])("elsewhere where XDG_RUNTIME_DIR %s", (_what, value) => {
    expect(folders({ XDG_RUNTIME_DIR: value() })).toEqual([...always, ...last]);
  });

  it.skipIf(uid !== 0)("elsewhere where XDG_RUNTIME_DIR is another user's", () => {
    chownSync(own, 12_345, 12_345);
    expect(folders({ XDG_RUNTIME_DIR: own })).toEqual([...always, ...last]);
  });
});
