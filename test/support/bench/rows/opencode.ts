import { openCodeMissing, startSetting } from "../../opencode-setting.js";
import { type Lap, OpenCodeStopwatch } from "../../opencode-stopwatch.js";
import { missingSecretServiceParts } from "../../secret-service.js";
import type { Contender, Group } from "../contender.js";
import type { World } from "../world.js";

/** Messages a provider in each round: with 20 rounds a hundred. */
const MESSAGES = 5;

/** What the plugin adds to a message of the real OpenCode, beside a key that stands in its configuration. */
export default async function opencode(world: World): Promise<Group[]> {
  const title = "A message of OpenCode";
  if (openCodeMissing) {
    return [
      { title, contenders: [], ratios: [], left_out: ["opencode-ai, which could not be installed from npm"] },
    ];
  }
  const service = await world.secretService();
  const { DBUS_SESSION_BUS_ADDRESS = "", XDG_RUNTIME_DIR = "" } = service?.env ?? {};
  const keyring = { OIDC_TOKEN_STORE: "keyring", DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR };
  const groups = [await group(world, `${title}, file store`, {}, 15)];
  if (service) groups.push(await group(world, `${title}, Secret Service`, keyring, 20));
  const left_out = missingSecretServiceParts().map((part) => `the Secret Service, ${part} is not installed`);
  return groups.map((each) => ({ ...each, left_out }));
}

async function group(world: World, title: string, env: Record<string, string>, tail: number): Promise<Group> {
  const setting = await startSetting({}, env);
  world.later(() => setting.stop());
  await setting.signIn();
  const stopwatch = await OpenCodeStopwatch.start(setting);
  const laps = { acme: [] as Lap[], fixed: [] as Lap[] };
  const names = { acme: "token", fixed: "fixed key" };
  const sent = (provider: "acme" | "fixed"): Contender => ({
    name: `${names[provider]}, message, median`,
    run: async () => {
      laps[provider] = [];
      for (let i = 0; i < MESSAGES; i++) laps[provider].push(await stopwatch.lap(provider));
      return laps[provider].map(({ message }) => message);
    },
  });
  /** Another view of what the last turn of a provider has measured. */
  const view = (name: string, provider: "acme" | "fixed", what: keyof Lap, share: number): Contender => ({
    name,
    share,
    run: async () => laps[provider].map((lap) => lap[what]),
  });
  const fixed = sent("fixed");
  const token = sent("acme");
  const fixed_tail = view("fixed key, message, p95", "fixed", "message", 0.95);
  const token_tail = view("token, message, p95", "acme", "message", 0.95);
  const wait = view("token, wait for it, median", "acme", "wait", 0.5);
  const wait_tail = view("token, wait for it, p95", "acme", "wait", 0.95);
  return {
    title,
    says: `Messages that take turns in one OpenCode: ${MESSAGES} a round and provider.`,
    contenders: [fixed, token, fixed_tail, token_tail, wait, wait_tail],
    ratios: [
      { of: token.name, to: [fixed.name] },
      { of: token_tail.name, to: [fixed_tail.name], at_most: 1.1 },
      { of: wait.name, to: [], at_most_over: 1 },
      { of: wait_tail.name, to: [], at_most_over: tail },
    ],
  };
}
