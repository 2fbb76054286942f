import { afterAll, beforeAll } from "vitest";
import { type Setting, startSetting } from "./opencode-setting.js";

/** A setting for all tests of a group, whose user is signed in: it is there before the first of them, and gone after the last. */
export function signedInSetting(): Setting {
  const setting: Partial<Setting> = {};
  beforeAll(async () => {
    Object.assign(setting, await startSetting());
    await setting.signIn?.();
  });
  afterAll(() => setting.stop?.());
  return setting as Setting;
}
