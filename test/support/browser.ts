import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
// Without these a browser talks to its maker, and a test needs the network.
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** True where the browser tests can't run and may be skipped; OIDC_TOKEN_TEST_NO_SKIP makes them fail instead. */
export const chromiumMissing = !existsSync(EXECUTABLE) && !process.env.OIDC_TOKEN_TEST_NO_SKIP;

/** The name of a test with the reason why it is skipped. */
export function namedForChromium(name: string): string {
  return chromiumMissing ? `${name} (skipped: there is no ${EXECUTABLE}; CHROMIUM names another)` : name;
}

/** A window of its own, with what it asked for and complained about. */
export interface Window {
  readonly page: Page;
  /** Every address that was asked for, also those that were blocked. */
  readonly requests: string[];
  /** Errors of the console, violations of the Content-Security-Policy among them. */
  readonly errors: string[];
  close(): Promise<void>;
}

export interface TestBrowser {
  open(colorScheme: "light" | "dark"): Promise<Window>;
  close(): Promise<void>;
}

/** Starts Chromium without a display, in a profile of its own. What leaves loopback is blocked. Call `close`. */
export async function startBrowser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: EXECUTABLE,
    headless: true,
    args: QUIET,
    timeout: 60_000,
  });
  return {
    async open(colorScheme) {
      const context = await browser.newContext({ colorScheme, viewport: { width: 900, height: 640 } });
      context.setDefaultTimeout(20_000);
      const requests: string[] = [];
      const errors: string[] = [];
      await context.route(
        (url) => !isLoopback(url),
        (route) => route.abort(),
      );
      const page = await context.newPage();
      page.on("request", (request) => requests.push(request.url()));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(error.message));
      return { page, requests, errors, close: () => context.close() };
    },
    close: () => browser.close(),
  };
}

/** True for addresses that stay on this machine. */
export function isLoopback(url: URL): boolean {
  return url.hostname === "127.0.0.1" || url.hostname === "localhost" || url.hostname === "[::1]";
}
