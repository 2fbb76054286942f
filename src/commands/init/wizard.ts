import * as v from "valibot";
import type { ProfileEntry } from "../../config/add-profiles.js";
import { configPath } from "../../config/load.js";
import { type ProfileKey, profileEntries } from "../../config/schema/profile.js";
import { readUserFile } from "../../config/user-file.js";
import type { Context } from "../../context.js";
import type { Json } from "../../files/jsonc-edit.js";
import { given } from "../../given.js";
import { type Flow, PROFILE_NAME } from "../../profile.js";
import { PRESETS, type Preset } from "../../providers/index.js";
import { type Choice, Questions, type TextOptions } from "../../terminal/questions.js";
import { quote } from "../../text.js";
import { checkEntry, fileReference } from "./profile-options.js";
import type { SaveOptions } from "./save.js";

const STATIC_KEY = "static_key";

/**
 * Asks a person for a profile, on stderr and stdin. Throws an OidcTokenError of kind `interrupted` where they leave
 * it.
 */
export async function askProfile(context: Context, options: SaveOptions): Promise<ProfileEntry> {
  const wizard = new Wizard(context, await Questions.on(context));
  // A broken file is told before the questions, not after them.
  const taken = Object.keys(readUserFile(configPath(context, options))?.values.profiles ?? {});
  const entry = await wizard.ask(options, options.force ? [] : taken);
  checkEntry(context, entry, { kind: "configuration", call: quote });
  return entry;
}

class Wizard {
  readonly #context: Context;
  readonly #questions: Questions;

  constructor(context: Context, questions: Questions) {
    this.#context = context;
    this.#questions = questions;
  }

  async ask(options: SaveOptions, taken: readonly string[]): Promise<ProfileEntry> {
    this.#questions.title("A new profile for oidc-token");
    const chosen = await this.#questions.select<Preset | typeof STATIC_KEY>("Who gives the token?", [
      ...PRESETS.map((preset) => ({ value: preset, label: preset.title })),
      { value: STATIC_KEY, label: "Nobody: a fixed key", hint: "kept in the keyring, no sign-in" },
    ]);
    const values = chosen === STATIC_KEY ? await this.#staticKey() : await this.#signIn(chosen);
    const suggested = chosen === STATIC_KEY ? "key" : chosen.name === "generic" ? "default" : chosen.name;
    const name = options.profile ?? (await this.#name(suggested, taken));
    return { name, values };
  }

  async #staticKey(): Promise<Record<string, Json>> {
    const header = await this.#questions.select("Which header carries the key?", [
      { value: "x-api-key", label: "x-api-key: …" },
      { value: "Authorization", label: "Authorization: Bearer …" },
    ]);
    const base_url = await this.#key("base_url", "Address of the service the key is for (may stay empty)");
    return { flow: STATIC_KEY, key: "{keyring}", header, ...given({ base_url: base_url || undefined }) };
  }

  async #signIn(preset: Preset): Promise<Record<string, Json>> {
    this.#questions.note(`At ${preset.title}`, preset.setup);
    const { example, defaults } = preset;
    const issuer = await this.#key("issuer", "Issuer URL", {
      needed: true,
      ...given({ initial: defaults.issuer, placeholder: example.issuer as string | undefined }),
    });
    const client_id = await this.#key("client_id", "Client id", { needed: true });
    const flow = await this.#flow(defaults.flow);
    const client_secret = await this.#clientSecret(example.client_secret !== undefined, flow);
    const redirect_uri =
      flow.includes("authorization_code") && typeof example.redirect_uri === "string"
        ? await this.#key("redirect_uri", "Redirect URI, exactly as registered", {
            initial: example.redirect_uri,
          })
        : "";
    const scope = await this.#key("scope", "Scopes, with spaces between (may stay empty)", {
      initial: flow.includes("client_credentials") ? "" : (defaults.scope ?? "openid offline_access"),
    });
    const base_url = await this.#key(
      "base_url",
      "Address of the service the token is for, as in https://llm.example.com/v1 (may stay empty)",
    );
    const only = flow.length === 1 ? flow[0] : undefined;
    return {
      ...(preset.name !== "generic" && { preset: preset.name }),
      issuer,
      client_id,
      ...(client_secret !== undefined && { client_secret }),
      flow: only ?? flow,
      ...(redirect_uri !== "" && { redirect_uri }),
      ...(scope !== "" && { scope }),
      ...(base_url !== "" && { base_url }),
    };
  }

  async #flow(preferred: readonly Flow[] | undefined): Promise<readonly Flow[]> {
    const choices: readonly Choice<readonly Flow[]>[] = [
      {
        value: ["authorization_code", "device_code"],
        label: "In the browser, or with a code where there is none",
      },
      { value: ["authorization_code"], label: "In the browser only" },
      { value: ["device_code"], label: "With a code on any device only" },
      { value: ["client_credentials"], label: "Not at all", hint: "a service signs in with its secret" },
    ];
    const initial = choices.find(
      ({ value }) => value[0] === preferred?.[0] && value.length === preferred?.length,
    );
    return await this.#questions.select("How do people sign in?", choices, initial?.value);
  }

  async #clientSecret(expected: boolean, flow: readonly Flow[]): Promise<string | undefined> {
    const must = flow.includes("client_credentials");
    const where = await this.#questions.select(
      "Does the client have a secret?",
      [
        ...(must ? [] : [{ value: "none", label: "No", hint: "a public client" }]),
        { value: "keyring", label: "Yes, keep it in the keyring", hint: "login asks for it once" },
        { value: "file", label: "Yes, in a file" },
        { value: "env", label: "Yes, in an environment variable" },
      ],
      expected || must ? "keyring" : "none",
    );
    if (where === "none") return undefined;
    if (where === "keyring") return "{keyring}";
    const message = where === "file" ? "Path of the file" : "Name of the variable";
    const reference = (answer: string) =>
      where === "file" ? fileReference(answer, this.#context.cwd) : `{env:${answer}}`;
    const answer = await this.#questions.text(message, {}, (text) =>
      text === "" ? "say which" : complaint("client_secret", reference(text)),
    );
    return reference(answer);
  }

  async #name(suggested: string, taken: readonly string[]): Promise<string> {
    let initial = suggested;
    for (let number = 2; taken.includes(initial); number += 1) initial = `${suggested}-${number}`;
    return await this.#questions.text("Name of the profile", { initial }, (text) => {
      if (!PROFILE_NAME.test(text)) return "use letters, digits, dots, underscores or hyphens, at most 64";
      return taken.includes(text) ? "there is a profile of this name already" : undefined;
    });
  }

  async #key(key: ProfileKey, message: string, options: KeyOptions = {}): Promise<string> {
    return await this.#questions.text(message, options, (text) => {
      if (text === "") return options.needed ? "this is needed" : undefined;
      return complaint(key, text);
    });
  }
}

interface KeyOptions extends TextOptions {
  readonly needed?: boolean;
}

/** What is wrong with a value, in the words the file's own check would use. */
function complaint(key: ProfileKey, text: string): string | undefined {
  const result = v.safeParse(profileEntries[key], text);
  return result.success ? undefined : result.issues[0].message.replace("\n", "; ");
}
