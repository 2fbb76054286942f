import { describe, expect, it } from "vitest";
import type { Flow } from "../../../src/profile.js";
import { signInFlow, unattendedFlow } from "../../../src/token/choose-flow.js";

describe("the flow a person signs in with", () => {
  it.each<[string, readonly Flow[], boolean, Flow | undefined]>([
    [
      "is the first of the profile where there is a browser",
      ["authorization_code", "device_code"],
      true,
      "authorization_code",
    ],
    [
      "is the first of the profile, though there is a browser",
      ["device_code", "authorization_code"],
      true,
      "device_code",
    ],
    ["is device_code where there is no browser", ["authorization_code", "device_code"], false, "device_code"],
    [
      "is authorization_code where there is no browser and no other: the URL is opened elsewhere",
      ["authorization_code"],
      false,
      "authorization_code",
    ],
    ["is never one that needs no person", ["client_credentials", "device_code"], true, "device_code"],
    ["is none where the profile has none for a person", ["client_credentials"], true, undefined],
    ["is none where the profile has no flow", [], false, undefined],
  ])("%s", (_what, flow, browser, expected) => {
    expect(signInFlow(flow, browser)).toBe(expected);
  });
});

describe("the flow that needs no person", () => {
  it.each<[string, readonly Flow[], Flow | undefined]>([
    [
      "is client_credentials, wherever it stands",
      ["device_code", "client_credentials"],
      "client_credentials",
    ],
    ["is none of those a person signs in with", ["authorization_code", "device_code"], undefined],
    ["is not static_key, which has no token to issue", ["static_key"], undefined],
  ])("%s", (_what, flow, expected) => {
    expect(unattendedFlow(flow)).toBe(expected);
  });
});
