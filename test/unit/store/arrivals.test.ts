import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ProcessArrivals } from "../../../src/store/arrivals.js";
import { myself } from "../../../src/store/lock-owner.js";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "oidc-token-arrivals-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const arrivals = () => new ProcessArrivals([join(home, "locks")]);
const names = () => readdirSync(join(home, "locks", "arrivals"));

describe("what is on its way to an account", () => {
  it("is called off by a logout of that account, in whatever process, and of no other", () => {
    const [dev, again, other] = ["dev", "dev", "dev2"].map((account) => arrivals().announce(account));
    expect([...arrivals().accounts()].sort()).toEqual(["dev", "dev2"]);
    arrivals().callOff("dev");
    expect([dev, again, other].map((each) => each?.isCalledOff())).toEqual([true, true, false]);
  });

  it("is not called off by a logout that came before", () => {
    arrivals().callOff("dev");
    const arrival = arrivals().announce("dev");
    expect(arrival.isCalledOff()).toBe(false);
    arrival.end();
    expect(names()).toEqual([]);
  });

  it("is called off for good: a logout before a folder was emptied counts", () => {
    const arrival = arrivals().announce("dev");
    arrivals().callOff("dev");
    rmSync(join(home, "locks"), { recursive: true });
    arrivals().announce("dev");
    expect(arrival.isCalledOff()).toBe(true);
  });

  it("goes with the next announcement where the process is no more", () => {
    arrivals().announce("dev").end();
    const folder = join(home, "locks", "arrivals");
    writeFileSync(join(folder, "dev~1-a"), JSON.stringify({ ...myself(), start: "1" }));
    writeFileSync(join(folder, "dev~1-b"), JSON.stringify({ ...myself(), place: "elsewhere" }));
    mkdirSync(join(folder, "dev~1-c"));
    const arrival = arrivals().announce("dev");
    expect(names().filter((name) => name === "dev~1-a")).toEqual([]);
    expect(names()).toContain("dev~1-b");
    expect(arrival.isCalledOff()).toBe(false);
  });

  it("may have any name", () => {
    arrivals().announce("Ünïcode ~ %41");
    expect(arrivals().accounts()).toEqual(["Ünïcode ~ %41"]);
  });
});
