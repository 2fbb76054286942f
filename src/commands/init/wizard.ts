import { existsSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import type { ProfileEntry } from "../../config/add-profiles.js";
import { configPath } from "../../config/load.js";
import { type ProfileKey, profileEntries } from "../../config/schema/profile.js";
import { isPlaceholder } from "../../config/schema/rules.js";
import { readUserFile } from "../../config/user-file.js";
import type { Context } from "../../context.js";
import { isOidcTokenError } from "../../errors.js";
import type { Json } from "../../files/jsonc-edit.js";
import { given } from "../../given.js";
import { expandHome } from "../../paths.js";
import { type Flow, PROFILE_NAME } from "../../profile.js";
import { PRESETS, type Preset } from "../../providers/index.js";
import { type Choice, Questions, type TextOptions } from "../../terminal/questions.js";
import { quote } from "../../text.js";
import type { Found } from "../../token/discovery.js";
import { openDiscovery, type Prepared, parseAddress, prepareFromAddress } from "./address.js";
import { isAddress } from "./client-document.js";
import { freeName, presetOfServer } from "./decide.js";
import type { InitOptions } from "./init-options.js";
import { unmetNeeds } from "./needs.js";
import { checkEntry, fileReference } from "./profile-options.js";

const STATIC_KEY = "static_key";

/**
 * Asks a person for a profile, on stderr and stdin, from the address they have typed on. Throws an OidcTokenError of kind
 * `interrupted` where they leave it.
 */
export async function askProfile(
  context: Context,
  options: InitOptions,
  address?: string,
): Promise<Prepared> {
  // A broken file is told before the questions, not after them.
  const taken = Object.keys(readUserFile(configPath(context, options))?.values.profiles ?? {});
  const wizard = new Wizard(context, options, await Questions.on(context), options.force ? [] : taken);
  return (await wizard.fromAddress(address)) ?? { entry: await wizard.fromAnswers() };
}

const ADDRESS = "Address of the API, or of the provider (empty: choose from a list)";

class Wizard {
  readonly #context: Context;
  readonly #options: InitOptions;
  readonly #questions: Questions;
  readonly #taken: readonly string[];

  constructor(context: Context, options: InitOptions, questions: Questions, taken: readonly string[]) {
    this.#context = context;
    this.#options = options;
    this.#questions = questions;
    this.#taken = taken;
  }

  /** Undefined where the person knows no address, or gives up on it. */
  async fromAddress(typed: string | undefined): Promise<Prepared | undefined> {
    this.#questions.title("A new profile for oidc-token");
    for (let answer = typed; ; ) {
      answer ??= await this.#questions.text(ADDRESS, {}, (text) =>
        text === "" ? undefined : placeholder(text),
      );
      if (answer === "") return undefined;
      const client = (found: Found, flow: readonly Flow[]) =>
        this.#client(presetOfServer(found.server), flow, found);
      try {
        const asking = { questions: this.#questions, client };
        return await prepareFromAddress(this.#context, this.#options, parseAddress(answer), asking);
      } catch (error) {
        this.#tell(error);
        const initial = answer;
        answer = await this.#questions.text(ADDRESS, { initial }, (text) =>
          text === "" ? undefined : placeholder(text),
        );
      }
    }
  }

  async fromAnswers(): Promise<ProfileEntry> {
    const chosen = await this.#questions.select<Preset | typeof STATIC_KEY>("Who gives the token?", [
      ...PRESETS.map((preset) => ({ value: preset, label: preset.title })),
      { value: STATIC_KEY, label: "Nobody: a fixed key", hint: "kept in the keyring, no sign-in" },
    ]);
    const values = chosen === STATIC_KEY ? await this.#staticKey() : await this.#signIn(chosen);
    const suggested = chosen === STATIC_KEY ? "key" : chosen.name === "generic" ? "default" : chosen.name;
    const name = this.#options.profile ?? (await this.#name(suggested));
    const entry = { name, values };
    checkEntry(this.#context, entry, { kind: "configuration", call: quote });
    return entry;
  }

  /** Says what was wrong with an answer, which is asked for again; whatever is no answer's fault ends the questions. */
  #tell(error: unknown): void {
    if (!isOidcTokenError(error) || !["configuration", "refused", "temporary", "usage"].includes(error.kind))
      throw error;
    this.#questions.note(
      "That does not work",
      this.#context.redactor.apply(`${error.message}\n${error.hint}`),
    );
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
    const { defaults } = preset;
    const issuer = await this.#issuer(preset);
    const flow = await this.#flow(defaults.flow);
    const client = await this.#client(preset, flow);
    const scope = await this.#key("scope", "Scopes, with spaces between (may stay empty)", {
      initial: flow.includes("client_credentials") ? "" : (defaults.scope ?? "openid offline_access"),
    });
    const needs_audience = preset.needs?.some(({ key }) => key === "audience");
    const audience = needs_audience ? await this.#key("audience", "Audience: the API's identifier") : "";
    const base_url = await this.#key(
      "base_url",
      "Address of the service the token is for, as in https://llm.example.com/v1 (may stay empty)",
    );
    const only = flow.length === 1 ? flow[0] : undefined;
    const values = {
      ...(preset.name !== "generic" && { preset: preset.name }),
      issuer,
      ...client,
      flow: only ?? flow,
      ...(scope !== "" && { scope }),
      ...(audience !== "" && { audience }),
      ...(base_url !== "" && { base_url }),
    };
    for (const { key, why } of unmetNeeds(values)) {
      this.#questions.note(`Without ${key}`, `${why}; add it to the file later, or start again`);
    }
    return values;
  }

  /** One that answers; where nothing does, the same answer again is taken: it may be reached from elsewhere only. */
  async #issuer(preset: Preset): Promise<string> {
    const { example, defaults } = preset;
    let initial = defaults.issuer;
    for (let told: string | undefined; ; ) {
      const issuer: string = await this.#key("issuer", "Issuer URL", {
        needed: true,
        ...given({ initial, placeholder: example.issuer as string | undefined }),
      });
      if (issuer === told) return issuer;
      try {
        const discovery = await openDiscovery(this.#context, this.#options, issuer);
        await discovery.find(new URL(issuer), preset.name);
        return issuer;
      } catch (error) {
        this.#tell(error);
        this.#questions.note("Again", "correct it, or press Enter to keep it as it is");
        initial = issuer;
        told = issuer;
      }
    }
  }

  /** What the client is called, its secret and its redirect, as registered at the provider. */
  async #client(preset: Preset, flow: readonly Flow[], found?: Found): Promise<Record<string, Json>> {
    const { example, needs } = preset;
    if (found && preset.name !== "generic") this.#questions.note(`At ${preset.title}`, preset.setup);
    const takes_documents = found?.server.client_documents === true;
    const label = takes_documents ? "Client id, or the address of its client-id document" : "Client id";
    const client_id = await this.#key("client_id", label, { needed: true });
    // Who is known by a document has no secret that both could know.
    const is_document = takes_documents && isAddress(client_id);
    const must =
      flow.includes("client_credentials") ||
      needs?.some(({ key, is_vital }) => key === "client_secret" && is_vital);
    const expected = found?.server.client_auths && !found.server.client_auths.includes("none");
    const client_secret = is_document
      ? undefined
      : await this.#clientSecret(expected ?? example.client_secret !== undefined, must === true);
    const redirect_uri =
      flow.includes("authorization_code") && typeof example.redirect_uri === "string"
        ? await this.#key("redirect_uri", "Redirect URI, exactly as registered", {
            initial: example.redirect_uri,
          })
        : "";
    return {
      client_id,
      ...(client_secret !== undefined && { client_secret }),
      ...(redirect_uri !== "" && { redirect_uri }),
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

  async #clientSecret(expected: boolean, must: boolean): Promise<string | undefined> {
    const none: Choice<SecretPlace> = { value: "none", label: "No", hint: "a public client" };
    const where = await this.#questions.select<SecretPlace>(
      "Does the client have a secret?",
      [
        ...(must ? [] : [none]),
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
    let told: string | undefined;
    const answer = await this.#questions.text(message, {}, (text) => {
      if (text === "") return "say which";
      const wrong = complaint("client_secret", reference(text));
      if (wrong !== undefined || text === told) return wrong;
      told = text;
      return this.#missing(where, text);
    });
    return reference(answer);
  }

  /** A secret that is not there yet; the same answer again says that it will be. */
  #missing(where: "file" | "env", text: string): string | undefined {
    const { cwd, env, paths } = this.#context;
    const is_there = where === "file" ? existsSync(resolve(cwd, expandHome(text, paths.home))) : env[text];
    return is_there
      ? undefined
      : `${where === "file" ? "there is no such file" : "it is not set here"}; Enter again if it will be`;
  }

  async #name(suggested: string): Promise<string> {
    const taken = this.#taken;
    const initial = freeName(suggested, taken);
    return await this.#questions.text("Name of the profile", { initial }, (text) => {
      if (!PROFILE_NAME.test(text)) return "use letters, digits, dots, underscores or hyphens, at most 64";
      return taken.includes(text) ? "there is a profile of this name already" : undefined;
    });
  }

  async #key(key: ProfileKey, message: string, options: KeyOptions = {}): Promise<string> {
    return await this.#questions.text(message, options, (text) => {
      if (text === "") return options.needed ? "this is needed" : undefined;
      return complaint(key, text) ?? placeholder(text);
    });
  }
}

type SecretPlace = "none" | "keyring" | "file" | "env";

interface KeyOptions extends TextOptions {
  readonly needed?: boolean;
}

/** What is wrong with a value, in the words the file's own check would use. */
function complaint(key: ProfileKey, text: string): string | undefined {
  const result = v.safeParse(profileEntries[key], text);
  return result.success ? undefined : result.issues[0].message.replace("\n", "; ");
}

function placeholder(text: string): string | undefined {
  return isPlaceholder(text) ? "this is still a placeholder: put the real value in its place" : undefined;
}
