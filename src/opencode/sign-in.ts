import type { ProfileFacts } from "../commands/profiles.js";
import type { LoginEvent } from "../terminal/events.js";
import type { Command } from "./command/command.js";
import { PLACEHOLDER } from "./requests/outgoing.js";

/** A way to sign in that `/connect` offers, as OpenCode's plugin API has it. */
export interface Method {
  readonly type: "oauth";
  readonly label: string;
  readonly prompts: readonly object[];
  authorize(inputs?: { profile?: string }): Promise<object>;
}

const BROWSER = /authorization_code/;
const CODE = /device_code/;

/** `/connect`: signs in to one of these profiles, one sign-in at a time. */
export class SignIn {
  readonly #command: Command;
  readonly #profiles: readonly ProfileFacts[];
  readonly #unready: ReadonlyMap<string, string>;
  #under_way = new AbortController();

  /** `unready`: the profiles that a person has to sign in to, and why in a few words. */
  constructor(command: Command, profiles: readonly ProfileFacts[], unready: ReadonlyMap<string, string>) {
    this.#command = command;
    this.#profiles = profiles;
    this.#unready = unready;
  }

  /** The ways there are; browser or code is a choice where a profile has both. */
  methods(): readonly Method[] {
    const either = this.#profiles.some(({ flow }) => BROWSER.test(flow) && CODE.test(flow));
    const signIns = either
      ? [
          ...this.#method("Sign in with the browser", BROWSER, (name) => this.#login(name, BROWSER.source)),
          ...this.#method("Sign in with a code", CODE, (name) => this.#login(name, CODE.source)),
        ]
      : this.#method("Sign in", new RegExp(`${BROWSER.source}|${CODE.source}`), (name) => this.#login(name));
    return [...signIns, ...this.#method("Paste a key", /static_key/, (name) => this.#paste(name))];
  }

  /** Ends the sign-in that is under way. */
  end(): void {
    this.#under_way.abort();
  }

  #method(label: string, flows: RegExp, start: (name: string) => Promise<object>): Method[] {
    const fits = this.#profiles.filter(({ flow }) => flows.test(flow)).map(({ profile }) => profile);
    if (fits.length === 0) return [];
    const hint = (name: string) => this.#unready.get(name) ?? "signed in";
    const options = fits.map((name) => ({ label: name, value: name, hint: hint(name) }));
    const prompts = fits.length > 1 ? [{ type: "select", key: "profile", message: "Profile", options }] : [];
    const authorize: Method["authorize"] = (inputs) => start(inputs?.profile ?? fits[0] ?? "");
    const again = fits.some((name) => this.#unready.has(name)) ? "" : " again";
    return [{ type: "oauth", label: label.replace("Sign in", `Sign in${again}`), prompts, authorize }];
  }

  /** Answers once there is something to show; its callback then waits for the end of the sign-in. */
  #login(name: string, flow?: string): Promise<object> {
    return new Promise((show, reject) => {
      this.end();
      this.#under_way = new AbortController();
      const onLine = (line: string) => {
        if (!line.startsWith("{")) return;
        const event = JSON.parse(line) as LoginEvent;
        const callback = () => outcome(ended);
        if (event.event === "browser") {
          show({ url: event.url, instructions: "Sign in with the browser", method: "auto", callback });
        } else if (event.event === "device_code") {
          const url = event.verification_uri_complete ?? event.verification_uri;
          show({ url, instructions: `Enter the code ${event.user_code}`, method: "auto", callback });
        }
      };
      const limits = { seconds: 900, signal: this.#under_way.signal, onLine };
      const login = ["login", "--profile", name, "--json"];
      const ended = this.#command.run([...login, ...(flow ? ["--flow", flow] : [])], limits);
      ended.catch(reject);
    });
  }

  /** A method of type "api" would put the key in OpenCode's auth.json; a "code" is handed to its callback. */
  async #paste(name: string): Promise<object> {
    return {
      url: this.#profiles.find((each) => each.profile === name)?.base_url ?? "",
      instructions: `Paste the key of profile "${name}"; oidc-token keeps it, OpenCode does not`,
      method: "code",
      callback: (input: string) =>
        outcome(this.#command.run(["login", "--profile", name], { seconds: 60, input })),
    };
  }
}

/** What OpenCode is to keep: the placeholder, never a token. */
function outcome(ended: Promise<string>): Promise<object> {
  return ended.then(
    () => ({ type: "success", key: PLACEHOLDER }),
    () => ({ type: "failed" }),
  );
}
