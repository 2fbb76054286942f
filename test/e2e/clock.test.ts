import { decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { startUnattendedProvider, type UnattendedProvider } from "../support/unattended-provider.js";

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Seconds by which the provider's clock is ahead of this machine's, as its `Date` shows. */
let offset = 0;
/** Seconds from this machine's time, where the ID token is to say something else than it does. */
let times: { nbf?: number; exp?: number } = {};
let provider: UnattendedProvider;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startUnattendedProvider({
    middleware: async (ctx, next) => {
      await next();
      ctx.set("date", new Date(Date.now() + offset * 1000).toUTCString());
      const body = ctx.body as { id_token?: string };
      if (ctx.path !== "/token" || body.id_token === undefined) return;
      const [header, , signature] = body.id_token.split(".");
      const now = Math.floor(Date.now() / 1000);
      const moved = Object.fromEntries(Object.entries(times).map(([name, seconds]) => [name, now + seconds]));
      const claims = Buffer.from(JSON.stringify({ ...decodeJwt(body.id_token), ...moved })).toString(
        "base64url",
      );
      ctx.body = { ...body, id_token: `${header}.${claims}.${signature}` };
    },
  });
});
afterAll(() => provider.stop());
beforeEach(() => {
  offset = 0;
  times = {};
  sandbox = new Sandbox();
  sandbox.configure({ profiles: { dev: browserProfile(provider) } });
});
afterEach(() => sandbox.dispose());

describe("an ID token that is not of this time", () => {
  it.each([
    [7 * MINUTE, { nbf: 7 * MINUTE }, "7 minutes behind"],
    [26 * HOUR, { nbf: 26 * HOUR }, "1 day behind"],
    [-2 * HOUR, { exp: -HOUR }, "2 hours ahead of"],
  ])("where the provider is %d s ahead: exit 7, and the clock is told", async (ahead, wrong, words) => {
    offset = ahead;
    times = wrong;
    const outcome = await signIn(sandbox);
    const { message, hint } = expectFailure({ ...outcome, stdout: "" }, 7, "more");
    expect(message).toBe(`this machine's clock is ${words} the provider's`);
    expect(hint).toBe("set the clock, or switch on its synchronisation, and try again");
  });

  it("where the clocks agree: exit 7, and no clock of this machine is blamed", async () => {
    times = { exp: -HOUR };
    const outcome = await signIn(sandbox);
    const { message } = expectFailure({ ...outcome, stdout: "" }, 7, "more");
    expect(message).toBe("the ID token is expired or not valid yet");
  });
});

it("a clock that is wrong and harms nothing is not spoken of", async () => {
  offset = 7 * MINUTE;
  expect(await signIn(sandbox)).toMatchObject({ code: 0, stderr: "" });
});

it("a signed assertion that is refused while the clock is wrong: exit 7, and the hint begins with the clock", async () => {
  offset = -10 * MINUTE;
  const stranger = await startUnattendedProvider();
  await stranger.stop();
  sandbox.configure({
    profiles: {
      llm: {
        issuer: provider.issuer,
        client_id: "signer",
        flow: "client_credentials",
        private_key: "{env:SIGNER}",
      },
    },
  });
  const { hint } = expectFailure(await sandbox.run(["get"], { env: { SIGNER: stranger.signer.pem } }), 7);
  expect(hint).toMatch(/^this machine's clock is 10 minutes ahead of the provider's: set the clock/);
});
