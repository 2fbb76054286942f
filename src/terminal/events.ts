import type { Context } from "../context.js";
import type { OidcTokenError } from "../errors.js";
import type { StoreName } from "../store/store.js";
import { jsonLine } from "../text.js";
import type { SignInDisplay } from "../token/grants.js";
import { tell } from "./tell.js";

/** The JSON lines of `login --json` (DESIGN §1): one event a line on stdout. */
export type LoginEvent =
  | { event: "browser"; url: string }
  | {
      event: "device_code";
      verification_uri: string;
      verification_uri_complete?: string;
      user_code: string;
      expires_in: number;
    }
  | { event: "done"; profile: string; store: StoreName; expires_at?: number }
  | { event: "error"; code: number; message: string; hint: string };

export function writeEvent(context: Pick<Context, "stdout">, event: LoginEvent): void {
  context.stdout.write(jsonLine(event));
}

export function errorEvent(error: OidcTokenError): LoginEvent {
  return { event: "error", code: error.exitCode, message: error.message, hint: error.hint };
}

/** Tells a program, the OpenCode plugin for one, what a person would be shown. */
export function eventDisplay(context: Context): SignInDisplay {
  return {
    browser: ({ url }) => writeEvent(context, { event: "browser", url }),
    device: (request) => writeEvent(context, { event: "device_code", ...request }),
    notice: (sentence) => tell(context, sentence),
    close: () => {},
  };
}
