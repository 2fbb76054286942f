import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sessionBusSockets } from "../../../../src/store/dbus/session-bus.js";

const sockets = (address: string) => sessionBusSockets({ DBUS_SESSION_BUS_ADDRESS: address });

describe.skipIf(process.platform === "win32")("the session bus", () => {
  let folder: string;
  let server: Server;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "oidc-token-bus-"));
    server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, "bus"), resolve));
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  test.each([
    ["unix:path=/run/user/1000/bus", ["/run/user/1000/bus"]],
    ["unix:path=/tmp/dbus-x,guid=00ff", ["/tmp/dbus-x"]],
    ["unix:guid=00ff,path=/tmp/dbus-x;", ["/tmp/dbus-x"]],
    ["unix:path=/tmp/a%20b%2cc%3bd", ["/tmp/a b,c;d"]],
    ["unix:abstract=/tmp/dbus-y,guid=1", ["\0/tmp/dbus-y"]],
    ["unix:path=/a;unix:abstract=b", ["/a", "\0b"]],
  ])("of %s is found", (address, expected) => {
    expect(sockets(address)).toEqual(expected);
  });

  test.each([
    "tcp:host=localhost,port=1",
    "unix:path=/a;tcp:host=x",
    "unix:dir=/tmp",
    "nonsense",
    "unix:path=%zz",
  ])("of %s is left to the native library", (address) => {
    expect(sockets(address)).toBeUndefined();
  });

  test("without an address is the user's own bus, where there is one", () => {
    const env = { XDG_RUNTIME_DIR: folder };
    const bus = [join(folder, "bus")];
    expect(sessionBusSockets(env)).toEqual(bus);
    expect(sessionBusSockets({ ...env, DBUS_SESSION_BUS_ADDRESS: "" })).toEqual(bus);
    expect(sessionBusSockets({ ...env, DBUS_SESSION_BUS_ADDRESS: "autolaunch:" })).toEqual(bus);
    expect(sessionBusSockets({ ...env, DBUS_SESSION_BUS_ADDRESS: "unix:runtime=yes" })).toEqual(bus);
    expect(sessionBusSockets({ XDG_RUNTIME_DIR: join(folder, "none") })).toEqual([]);
    expect(sessionBusSockets({})).toEqual([]);
  });

  test("is not a plain file of that name", () => {
    const other = mkdtempSync(join(folder, "other-"));
    writeFileSync(join(other, "bus"), "");
    expect(sessionBusSockets({ XDG_RUNTIME_DIR: other })).toEqual([]);
  });
});
