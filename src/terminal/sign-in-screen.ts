import kleur from "kleur";
import { renderUnicodeCompact } from "uqr";
import yoctoSpinner, { type Spinner } from "yocto-spinner";
import type { Context } from "../context.js";
import type { DeviceAuthorization, SignInDisplay } from "../token/grants.js";
import { isTerminal } from "./interactive.js";
import { readLines } from "./read-lines.js";
import { tell } from "./tell.js";

/** Milliseconds after which the person may be looking at the provider's error page, which nobody here sees. */
const ADVICE_AFTER = 30_000;

/** What to do where the provider complains of the redirect address: it compares letter by letter. */
function redirectAdvice(redirect_uri: string): string {
  return `if the browser shows an error about the redirect address, register exactly this one at the provider: ${redirect_uri}`;
}

/** Shows a sign-in to a person, on stderr: stdout belongs to the token. */
export function terminalDisplay(context: Context, profile: string): SignInDisplay {
  const { stderr, env } = context;
  let spinner: Spinner | undefined;
  let countdown: NodeJS.Timeout | undefined;
  let advice: NodeJS.Timeout | undefined;
  let pasting: (() => void) | undefined;
  const say = (line = ""): void => void stderr.write(`${line}\n`);

  const wait = (text: (secondsLeft: number) => string, expires_in: number): void => {
    if (stderr.isTTY !== true) return;
    const ends = context.monotonic() + expires_in;
    const current = (): string => text(Math.max(0, Math.round(ends - context.monotonic())));
    // Ctrl-C is ours: the flow ends its requests and the command its exit code.
    spinner = yoctoSpinner({ stream: stderr, text: current(), handleSignals: false }).start();
    countdown = setInterval(() => {
      if (spinner) spinner.text = current();
    }, 1000);
  };

  const notice = (sentence: string): void => {
    spinner?.stop();
    tell(context, sentence);
    spinner?.start();
  };

  return {
    browser({ url, redirect_uri, opened, paste }) {
      say(
        opened
          ? `Opening the browser to sign in to ${kleur.bold(profile)}. If it stays closed, open this address in it:`
          : `To sign in to ${kleur.bold(profile)}, open this address in a browser:`,
      );
      say();
      say(`  ${url}`);
      say();
      if (env.SSH_CONNECTION) {
        const port = new URL(redirect_uri).port || "80";
        say(
          "You are on a remote machine. So that your browser's answer reaches it, run this on your own machine:",
        );
        say();
        say(`  ssh -N -L ${port}:127.0.0.1:${port} ${env.USER ?? "user"}@${remoteHost(env.SSH_CONNECTION)}`);
        say();
      }
      if (!opened && isTerminal(context)) {
        say(
          "If the browser ends at an address that it can't open, copy that address, paste it here and press Enter.",
        );
        say();
        pasting = readLines(context, (line) => {
          const wrong = paste(line);
          if (wrong !== undefined) notice(wrong);
        });
      }
      wait(() => "Waiting for the browser (Ctrl-C to cancel)", 0);
      advice = setTimeout(() => notice(redirectAdvice(redirect_uri)), ADVICE_AFTER);
      advice.unref();
    },
    device(request) {
      for (const line of deviceLines(request, profile, stderr)) say(line);
      wait(
        (left) => `Waiting for you to confirm, ${minutes(left)} left (Ctrl-C to cancel)`,
        request.expires_in,
      );
    },
    notice,
    close() {
      clearTimeout(advice);
      clearInterval(countdown);
      pasting?.();
      spinner?.stop();
    },
  };
}

function deviceLines(request: DeviceAuthorization, profile: string, stderr: Screen): string[] {
  const { verification_uri, verification_uri_complete, user_code } = request;
  const where = ["", `  ${verification_uri}`, "", `and enter the code  ${kleur.bold().cyan(user_code)}`, ""];
  const qr = qrCode(verification_uri_complete ?? verification_uri, stderr, where.length + 4);
  if (qr === undefined)
    return [`To sign in to ${kleur.bold(profile)}, open this address on any device:`, ...where];
  // Above the rest, so that address and code stay on a screen that has to scroll.
  return [
    `To sign in to ${kleur.bold(profile)}, scan this with a phone, or open the address below on any device:`,
    "",
    qr,
    ...where,
  ];
}

type Screen = Pick<Context["stderr"], "isTTY" | "rows" | "columns">;

/** Undefined where it would not be readable, or where there is nothing to scan it from. */
function qrCode(address: string, screen: Screen, otherRows: number): string | undefined {
  // Whoever scans a code opens it, and OCI's address is plain http: that one is only to be read.
  if (screen.isTTY !== true || !address.startsWith("https:")) return undefined;
  const qr = renderUnicodeCompact(address, { border: 2 });
  const rows = qr.split("\n");
  const fits = rows.length + otherRows <= screen.rows && (rows[0]?.length ?? 0) <= screen.columns;
  return fits ? qr : undefined;
}

/** The server's own address, third of the four fields of SSH_CONNECTION (ssh(1)). */
function remoteHost(connection: string): string {
  return connection.split(" ")[2] ?? "this-machine";
}

function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
