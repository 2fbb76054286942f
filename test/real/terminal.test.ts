import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { COMMAND_LINE, Sandbox } from "../support/command.js";
import { startGateway } from "../support/gateway.js";
import { createVisitor } from "../support/person.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, deviceProfile, signIn } from "../support/signed-in.js";
import { startTerminal, type Terminal } from "../support/terminal.js";
import { TokenFile } from "../support/token-file.js";

const CANARY = "canary-typed-key-77aa";

function tmuxMissing(): boolean {
  try {
    execFileSync("tmux", ["-V"], { timeout: 5000 });
    return false;
  } catch {
    return process.env.OIDC_TOKEN_TEST_NO_SKIP !== "1";
  }
}

const missing = tmuxMissing();

describe.skipIf(missing)(`on a real terminal${missing ? " (skipped: tmux is not installed)" : ""}`, () => {
  let provider: TestProvider;
  let sandbox: Sandbox;
  let terminal: Terminal | undefined;
  beforeEach(async () => {
    provider = await startProvider();
    sandbox = new Sandbox();
  });
  afterEach(async () => {
    await terminal?.stop();
    terminal = undefined;
    sandbox.dispose();
    await provider.stop();
  });

  /** Runs a command line with a prompt after it that shows how it ended. */
  async function onTerminal(args: string, env: Record<string, string> = {}): Promise<Terminal> {
    const script = join(sandbox.home, "session.sh");
    // The trap: Ctrl-C reaches the shell as well, which is to tell how the command has ended.
    writeFileSync(script, `trap : INT\n${COMMAND_LINE} ${args}\necho "[exit $?]"\nexec sleep 60\n`);
    terminal = await startTerminal(`sh '${script}'`, { ...sandbox.env, ...env }, sandbox.home);
    return terminal;
  }

  const codeOn = (screen: string): string => /[A-Z]{4}-[A-Z]{4}/.exec(screen)?.[0] ?? "";

  it("a device sign-in with an https address shows it as a QR code too, above address and code", async () => {
    sandbox.configure({ profiles: { dev: deviceProfile(provider) } });
    const verification_uri = "https://login.example.test/device";
    const answer = {
      device_code: "a-device-code-of-this-test",
      user_code: "WDJB-MJHT",
      verification_uri,
      verification_uri_complete: `${verification_uri}?user_code=WDJB-MJHT`,
      expires_in: 300,
    };
    const headers = { "content-type": "application/json" };
    await provider.fault({
      kind: "answer",
      status: 200,
      path: "/device/auth",
      body: JSON.stringify(answer),
      headers,
    });
    const { until, screen } = await onTerminal("login");
    await until(/left \(Ctrl-C to cancel\)/);
    expect(await screen()).toMatch(
      /^To sign in to dev, scan .*\n\n[ █▀▄\n]{400,}\n {2}https:\/\/login\.example\.test\/device\n\nand enter the code {2}WDJB-MJHT\n\n. Waiting/u,
    );
    if (process.env.SHOW) console.info(await screen());
  });

  it("a device sign-in shows address, code and the time left, which moves, and finishes", async () => {
    sandbox.configure({ profiles: { dev: deviceProfile(provider) } });
    const { until, cursorIsShown } = await onTerminal("login");
    const first = await until(/left \(Ctrl-C to cancel\)/);
    expect(first).toContain(`${provider.issuer}/device`);
    expect(codeOn(first)).not.toBe("");
    const [left = ""] = /\d:\d\d left/.exec(first) ?? [];
    await until(new RegExp(`(?!${left})\\d:\\d\\d left`));
    expect(await cursorIsShown()).toBe(false);
    await createVisitor().approveDevice({
      verification_uri: `${provider.issuer}/device`,
      user_code: codeOn(first),
    });
    const last = await until(/\[exit 0\]/);
    expect(last).toMatch(/signed in to dev/);
    expect(last).not.toContain("Ctrl-C");
    expect(await cursorIsShown()).toBe(true);
    expect(new TokenFile(sandbox).tokens.access_token).toMatch(/^eyJ/);
  });

  it("Ctrl-C leaves a clean screen with its cursor, and exit code 130", async () => {
    sandbox.configure({ profiles: { dev: deviceProfile(provider) } });
    const { until, press, cursorIsShown } = await onTerminal("login");
    await until(/left \(Ctrl-C to cancel\)/);
    await press("C-c");
    const screen = await until(/\[exit \d+\]/, 5);
    expect(screen).toContain("[exit 130]");
    expect(screen).toMatch(/^oidc-token: interrupted$/m);
    expect(screen).not.toMatch(/Waiting|\^C/);
    expect(await cursorIsShown()).toBe(true);
  });

  it("a browser sign-in over SSH says what to forward", async () => {
    sandbox.configure({ profiles: { dev: browserProfile(provider) } });
    const env = { SSH_CONNECTION: "192.0.2.7 50022 192.0.2.1 22", USER: "ada" };
    const { until } = await onTerminal("login", env);
    const screen = await until(/Waiting for the browser/);
    const [, port] = /ssh -N -L (\d+):127\.0\.0\.1:\1 ada@192\.0\.2\.1/.exec(screen) ?? [];
    expect(port, screen).toBeDefined();
    // The address is longer than a line: the screen holds it in pieces.
    expect(screen.replaceAll("\n", "")).toContain(encodeURIComponent(`http://127.0.0.1:${port}/callback`));
  });

  /** Begins a sign-in on another machine, and answers the address at which the browser there has ended. */
  async function endOfBrowser({ until }: Terminal): Promise<string> {
    const screen = await until(/paste it here and press Enter[\s\S]*Waiting for the browser/);
    // The address is longer than a line: the screen holds it in pieces.
    const url = /(http:\/\/\S+\/auth\?[\s\S]*?)\n\n/.exec(screen)?.[1]?.replaceAll("\n", "") ?? "";
    return await createVisitor().leave(url, new URL(url).searchParams.get("redirect_uri") ?? "");
  }

  it("the address at which a browser elsewhere has ended may be pasted, unseen, and signs in", async () => {
    sandbox.configure({ profiles: { dev: browserProfile(provider) } });
    const env = { SSH_CONNECTION: "192.0.2.7 50022 192.0.2.1 22", USER: "ada" };
    const terminal = await onTerminal("login", env);
    const { until, type, press, screen, cursorIsShown } = terminal;
    const address = await endOfBrowser(terminal);
    const code = new URL(address).searchParams.get("code") ?? "";
    expect(code).not.toBe("");
    await type("https://example.com/");
    await press("Enter");
    await until(/is not the address the browser comes back to, which begins with[\s\S]*Waiting/);
    await type(address.replace(/state=[^&]+/, "state=another"));
    await press("Enter");
    await until(/belongs to another sign-in than the one that is under way[\s\S]*Waiting/);
    expect(provider.counts["/token"]).toBeUndefined();
    await type(address);
    await press("Enter");
    await until(/\[exit 0\]/);
    expect((await screen()).replaceAll("\n", "")).not.toContain(code);
    expect(await screen()).toMatch(/signed in to dev/);
    expect(await cursorIsShown()).toBe(true);
    expect(new TokenFile(sandbox).tokens.access_token).toMatch(/^eyJ/);
  });

  it("a pasted answer of the provider that says no ends as the browser's would", async () => {
    provider.behaviour.person = "refuses";
    sandbox.configure({ profiles: { dev: browserProfile(provider) } });
    const terminal = await onTerminal("login --no-browser");
    await terminal.type(await endOfBrowser(terminal));
    await terminal.press("Enter");
    const screen = await terminal.until(/\[exit \d+\]/);
    expect(screen).toContain("[exit 7]");
    expect(screen).toContain("the sign-in was refused: access_denied (the person said no)");
  });

  it("Ctrl-C where an address may be pasted ends with 130, and the browser still signs in where it can", async () => {
    sandbox.configure({ profiles: { dev: browserProfile(provider) } });
    const first = await onTerminal("login --no-browser");
    await first.until(/Waiting for the browser/);
    await first.press("C-c");
    expect(await first.until(/\[exit \d+\]/, 5)).toContain("[exit 130]");
    expect(await first.cursorIsShown()).toBe(true);
    await first.stop();
    const second = await onTerminal("login --no-browser");
    expect((await createVisitor().visit(await endOfBrowser(second))).status).toBe(200);
    expect(await second.until(/\[exit \d+\]/)).toContain("[exit 0]");
  });

  it("over SSH a profile that lists device_code signs in with that", async () => {
    sandbox.configure({
      profiles: { dev: browserProfile(provider, { flow: ["authorization_code", "device_code"] }) },
    });
    const { until } = await onTerminal("login", { SSH_CONNECTION: "192.0.2.7 50022 192.0.2.1 22" });
    expect(codeOn(await until(/left \(Ctrl-C to cancel\)/))).not.toBe("");
  });

  it("a static key is typed unseen", async () => {
    sandbox.configure({ profiles: { own: { key: "{keyring}" } } });
    const { until, type, press } = await onTerminal("login");
    await until(/Key for own/);
    await type(CANARY);
    const typed = await until(/[▪•*]{5}/);
    expect(typed).not.toContain(CANARY);
    await press("Enter");
    const screen = await until(/\[exit 0\]/);
    expect(screen).not.toContain(CANARY);
    expect(new TokenFile(sandbox).tokens.access_token).toBe(CANARY);
  });

  it("a static key that the gateway refuses is asked for again", async () => {
    const gateway = await startGateway({ keys: [CANARY] });
    onTestFinished(() => gateway.stop());
    sandbox.configure({ profiles: { own: { key: "{keyring}", base_url: gateway.url } } });
    const { until, type, press } = await onTerminal("login");
    await until(/Key for own/);
    await type("mistyped-key");
    await press("Enter");
    await until(/refuses this key \(401\)[\s\S]*Key for own/);
    await type(CANARY);
    await press("Enter");
    await until(/\[exit 0\]/);
    expect(new TokenFile(sandbox).tokens.access_token).toBe(CANARY);
  });

  it("Ctrl-C at the prompt for a key ends with 130 and keeps nothing", async () => {
    sandbox.configure({ profiles: { own: { key: "{keyring}" } } });
    const { until, press, type, cursorIsShown } = await onTerminal("login");
    await until(/Key for own/);
    await type("half");
    await press("C-c");
    expect(await until(/\[exit \d+\]/, 5)).toContain("[exit 130]");
    expect(await cursorIsShown()).toBe(true);
    expect((await sandbox.run(["get"])).code).toBe(3);
  });

  it("get starts the sign-in where nobody is signed in, and prints the token after it", async () => {
    sandbox.configure({ profiles: { dev: deviceProfile(provider) } });
    const { until } = await onTerminal("get | cut -c1-3");
    const screen = await until(/left \(Ctrl-C to cancel\)/);
    await createVisitor().approveDevice({
      verification_uri: `${provider.issuer}/device`,
      user_code: codeOn(screen),
    });
    expect(await until(/\[exit 0\]/)).toMatch(/^eyJ$/m);
  });

  it("in CI, get on a terminal asks nobody", async () => {
    sandbox.configure({ profiles: { dev: deviceProfile(provider) } });
    const { until } = await onTerminal("get", { CI: "true" });
    expect(await until(/\[exit \d\]/)).toContain("[exit 3]");
  });

  it("status is a table that fits", async () => {
    sandbox.configure({ profiles: { dev: browserProfile(provider) } });
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
    const { until } = await onTerminal("status");
    expect(await until(/\[exit 0\]/)).toMatch(/^\* dev +\S+ +yes +in (?:59 min|1 h 0 min) +file +serves$/m);
  });
});
