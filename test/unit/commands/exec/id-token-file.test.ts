import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { keepIdTokenFile } from "../../../../src/commands/exec/id-token-file.js";
import type { Context } from "../../../../src/context.js";
import { OidcTokenError } from "../../../../src/errors.js";
import { accessProfile } from "../../../../src/session/access.js";
import { InMemory, selectedProfile } from "../../../support/in-memory.js";

const HOUR = 3600;

let place: InMemory;
let context: Context;
let end: AbortController;
/** Seconds of each wait. */
let waits: number[];
beforeEach(() => {
  place = new InMemory();
  place.configure({
    profiles: { dev: { issuer: "https://idp.example.com", client_id: "cli", flow: "device_code" } },
  });
  end = new AbortController();
  waits = [];
  context = {
    ...place.context(),
    // Time passes at once, and others get a turn.
    sleep: async (ms, signal) => {
      waits.push(ms / 1000);
      await delay(1);
      signal?.throwIfAborted();
      place.time += ms / 1000;
    },
  };
});
afterEach(() => {
  end.abort();
  place.dispose();
});

const idToken = (exp: number): string =>
  `e30.${Buffer.from(JSON.stringify({ exp })).toString("base64url")}.x`;

async function keepFile(): Promise<string> {
  const profile = selectedProfile(context, {});
  place.keep(profile.account, { id_token: idToken(place.time + HOUR) });
  const access = accessProfile(context, profile);
  return await keepIdTokenFile(context, access, false, end.signal);
}

async function until(met: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000 && !met(); turn += 1) await delay(1);
  expect(met()).toBe(true);
}

it("an ID token in a file is replaced before it ends, by another as often as need be, and gone in the end", async () => {
  place.refreshesTo(() => place.issued({ id_token: idToken(place.time + HOUR) }));
  const started = place.time;
  const path = await keepFile();
  const seen = new Set<string>();
  await until(() => {
    const text = readFileSync(path, "utf8");
    const { exp } = JSON.parse(Buffer.from(text.split(".")[1] ?? "", "base64url").toString());
    // At no time does a reader find one that has ended.
    expect(exp).toBeGreaterThan(place.time);
    return seen.add(text).size > 3;
  });
  expect(place.time - started).toBeGreaterThan(HOUR);
  expect(Math.max(...waits)).toBeLessThanOrEqual(300);
  end.abort();
  expect(existsSync(path)).toBe(false);
  await delay(10);
  expect(existsSync(path)).toBe(false);
});

it("an ID token in a file stays while the provider is away, and is replaced when it is back", async () => {
  let is_away = true;
  place.refreshesTo(() => {
    if (is_away) throw new OidcTokenError("temporary", "the provider is away", "try again");
    return place.issued({ id_token: idToken(place.time + HOUR) });
  });
  const path = await keepFile();
  const first = readFileSync(path, "utf8");
  await until(() => place.asked.filter((what) => what === "refresh").length > 3);
  expect(readFileSync(path, "utf8")).toBe(first);
  is_away = false;
  await until(() => readFileSync(path, "utf8") !== first);
});
