import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { createVisitor } from "../support/person.js";
import { CLIENTS, startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, loginEvents, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.stop());
beforeEach(() => {
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  sandbox.configure({ profiles: { dev: browserProfile(provider) } });
});
afterEach(() => sandbox.dispose());

interface Begun {
  /** The person signs in, and the command comes to its end. */
  readonly finish: () => Promise<Awaited<ReturnType<typeof signIn>>>;
}

/** A login that waits for the person. */
async function beginLogin(args: readonly string[] = []): Promise<Begun> {
  const login = sandbox.start(["login", "--json", "--no-browser", ...args], { input: "" });
  const events = loginEvents(login);
  const { value: event } = await events.next();
  if (event?.event !== "browser") throw new Error("the login did not begin");
  const finish = async () => {
    await createVisitor().visit(event.url);
    for await (const _ of events); // the rest of stdout
    return await login.outcome;
  };
  return { finish };
}

/** Whether the last refresh token that the provider issued still works there. */
async function isLastSessionAlive(): Promise<boolean> {
  const issued = provider.exchanges.filter(({ status, path }) => status === 200 && path === "/token").at(-1);
  const body = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: CLIENTS.public.client_id,
    refresh_token: String(issued?.answered.refresh_token),
  });
  const answer = await fetch(`${provider.issuer}/token`, { method: "POST", body });
  await answer.body?.cancel();
  return answer.ok;
}

const SIGNED_OUT = 'profile "dev" was signed out while this was under way, so what came was revoked';

describe("a login begun before a logout and finished after it", () => {
  it.each([[["logout"]], [["logout", "--all"]], [["logout", "--local"]]])(
    "leaves no session, neither here nor at the provider, and says so with exit 3: %s",
    async (logout) => {
      const login = await beginLogin();
      expect(await sandbox.run(logout)).toMatchObject({ code: 0 });
      const outcome = await login.finish();
      const error = expectFailure({ ...outcome, stdout: "" }, 3, "more");
      expect(error).toEqual({ message: SIGNED_OUT, hint: "run: oidc-token login --profile dev" });
      expect(outcome.stdout).toContain('"event":"error","code":3');
      expectFailure(await sandbox.run(["get"]), 3);
      expect(await isLastSessionAlive()).toBe(false);
    },
  );

  it("is called off by logout --all though its profile is not in the configuration any more", async () => {
    const login = await beginLogin();
    sandbox.configure({ profiles: { other: browserProfile(provider) } });
    expect(await sandbox.run(["logout", "--all"])).toMatchObject({ code: 0 });
    expect(await login.finish()).toMatchObject({ code: 3 });
    expect(await isLastSessionAlive()).toBe(false);
  });

  it("does not touch the session of a login begun after the logout, which works as ever", async () => {
    const early = await beginLogin();
    expect(await sandbox.run(["logout"])).toMatchObject({ code: 0 });
    // It would wait for the other, as two sign-ins at a time do, and then ask for itself.
    const late = sandbox.start(["login", "--json", "--no-browser"], { input: "" });
    expect(await early.finish()).toMatchObject({ code: 3 });
    for await (const event of loginEvents(late)) {
      if (event.event === "browser") await createVisitor().visit(event.url);
    }
    expect(await late.outcome).toMatchObject({ code: 0 });
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
    expect(file.names).toHaveLength(1);
  });

  it("that waits for another sign-in is called off before it asks the person for anything", async () => {
    const first = await beginLogin();
    const second = sandbox.start(["login", "--no-browser"], { input: "" });
    let said = "";
    await new Promise<void>((resolve) =>
      second.stderr?.on("data", (text) => {
        said += text;
        if (said.includes("another sign-in for this profile is under way")) resolve();
      }),
    );
    expect(await sandbox.run(["logout"])).toMatchObject({ code: 0 });
    expect(await first.finish()).toMatchObject({ code: 3 });
    const outcome = await second.outcome;
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).not.toContain("http");
  });

  it("leaves nothing to a later login: what a killed one has announced does not matter", async () => {
    const login = sandbox.start(["login", "--json", "--no-browser"], { input: "" });
    for await (const _ of loginEvents(login)) break;
    login.kill("SIGKILL");
    await login.outcome;
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0 });
  });
});
