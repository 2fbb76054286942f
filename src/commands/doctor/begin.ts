import { own, type Patient } from "./check.js";

/** Seconds. */
const PATIENCE = 20;

/**
 * Begins a sign-in and gives it up as soon as a person would be shown something: that, as an address. It ends by itself,
 * and no session is touched. Throws an OidcTokenError where it can't begin.
 */
export async function beginSignIn(
  { context, access }: Patient,
  flow: "authorization_code" | "device_code",
): Promise<string | undefined> {
  const enough = new AbortController();
  const stop = (): void => enough.abort();
  let address: string | undefined;
  const shown = (url: string): void => {
    address = url;
    stop();
  };
  context.interrupted.addEventListener("abort", stop, { once: true });
  try {
    await (await access.grants()).signIn({
      flow,
      open_browser: false,
      timeout: PATIENCE,
      signal: enough.signal,
      display: {
        browser: ({ url }) => shown(url),
        device: ({ verification_uri }) => shown(verification_uri),
        notice: () => {},
        close: () => {},
      },
    });
  } catch (error) {
    if (address === undefined) throw own(error);
  } finally {
    context.interrupted.removeEventListener("abort", stop);
  }
  return address;
}
