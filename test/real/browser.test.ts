import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  chromiumMissing,
  isLoopback,
  namedForChromium,
  startBrowser,
  type TestBrowser,
  type Window,
} from "../support/browser.js";
import { benchFor, signInRequest } from "../support/grants.js";
import { startProvider, type TestProvider } from "../support/provider.js";

describe.skipIf(chromiumMissing)(namedForChromium("Chromium signs in through the callback server"), () => {
  let provider: TestProvider;
  let browser: TestBrowser;
  let window: Window | undefined;
  beforeAll(async () => {
    provider = await startProvider();
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await provider?.stop();
  });
  beforeEach(() => {
    provider.behaviour.person = "agrees";
  });
  afterEach(() => window?.close());

  /** Signs in with a window of this colour scheme, which stays open. */
  async function signIn(colorScheme: "light" | "dark", redirect_uri?: string) {
    const opened = await browser.open(colorScheme);
    window = opened;
    let loaded: Promise<unknown> = Promise.resolve();
    const { grants } = await benchFor(
      { issuer: provider.issuer, name: "work", ...(redirect_uri === undefined ? {} : { redirect_uri }) },
      {
        context: {
          openBrowser: async (url) => {
            loaded = opened.page.goto(url);
          },
        },
      },
    );
    const { request, shown } = signInRequest({ open_browser: true, timeout: 60 });
    const result = await grants.signIn(request).then(
      (tokens) => ({ tokens, error: undefined }),
      (error) => ({ tokens: undefined, error }),
    );
    await loaded;
    return { ...result, shown, ...opened };
  }

  it.each(["light", "dark"] as const)("and ends on a finished page in %s", async (colorScheme) => {
    const { tokens, error, page, requests, errors, shown } = await signIn(colorScheme);
    expect(error).toBeUndefined();
    expect(tokens?.access_token).toBeTruthy();
    expect(shown.browser).toMatchObject([{ opened: true }]);

    expect(await page.title()).toBe("You are signed in · oidc-token");
    expect(await page.getByRole("main").innerText()).toContain("You can close this window.");
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("You are signed in");
    expect(await page.locator("footer").innerText()).toContain("profile work");
    expect(requests.filter((url) => !isLoopback(new URL(url)))).toEqual([]);
    expect(errors).toEqual([]);
    expect(new URL(page.url())).toMatchObject({ pathname: "/signed-in", search: "", hash: "" });
    expect(await historyOf(page)).toEqual(["about:blank", page.url()]);
    await expectReadable(page, colorScheme);
    await keepScreenshot(page, `success-${colorScheme}`);
  });

  it.each(["light", "dark"] as const)("and reads why it was refused in %s", async (colorScheme) => {
    provider.behaviour.person = "refuses";
    const { error, page, requests } = await signIn(colorScheme);
    expect(error).toMatchObject({ kind: "refused" });
    expect(await page.getByRole("main").innerText()).toContain(
      "The sign-in was refused: access_denied (the person said no).",
    );
    expect(requests.filter((url) => !isLoopback(new URL(url)))).toEqual([]);
    expect(await historyOf(page)).toEqual(["about:blank", page.url()]);
    expect(new URL(page.url()).search).toBe("");
    await expectReadable(page, colorScheme);
    await keepScreenshot(page, `failure-${colorScheme}`);
  });

  it("also where the redirect says localhost", async () => {
    const { tokens, error, page } = await signIn("light", "http://localhost/callback");
    expect(error).toBeUndefined();
    expect(tokens?.access_token).toBeTruthy();
    expect(new URL(page.url()).hostname).toBe("localhost");
  });

  it("on a narrow screen without scrolling sideways", async () => {
    const { page } = await signIn("light");
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
    await keepScreenshot(page, "success-narrow");
  });

  it("and a page that reloads itself gets no second answer", async () => {
    const { page } = await signIn("light");
    await expect(page.reload()).rejects.toThrow(/ERR_CONNECTION_REFUSED/);
  });
});

/** Every address that the window goes back to. */
async function historyOf(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send("Page.getNavigationHistory");
  return entries.map(({ url }) => url);
}

/** WCAG 2.2 §1.4.3: text has a contrast of 4.5 to 1, on a page of the scheme that was asked for. */
async function expectReadable(page: Page, colorScheme: "light" | "dark"): Promise<void> {
  const colours = (await page.evaluate(`
    [...document.querySelectorAll("h1, p, footer")].map((element) => [
      getComputedStyle(element).color,
      getComputedStyle(document.querySelector("main")).backgroundColor,
    ])
  `)) as [string, string][];
  expect(colours.length).toBeGreaterThanOrEqual(3);
  for (const [ink, paper] of colours) {
    const [darker = 0, lighter = 0] = [luminance(ink), luminance(paper)].sort((a, b) => a - b);
    expect((lighter + 0.05) / (darker + 0.05)).toBeGreaterThanOrEqual(4.5);
    expect(luminance(paper) > 0.5).toBe(colorScheme === "light");
  }
}

/** The relative luminance of `rgb(r, g, b)`, 0 to 1. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Written only where OIDC_TOKEN_TEST_SCREENSHOTS names a folder: for the eye, nothing is compared. */
async function keepScreenshot(page: Page, name: string): Promise<void> {
  const image = await page.screenshot();
  expect(image.length).toBeGreaterThan(5000);
  const folder = process.env.OIDC_TOKEN_TEST_SCREENSHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
