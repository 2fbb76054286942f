/** The title OpenCode gives a session until it has one (1.18). */
const UNTITLED = /^New session - \d{4}-\d{2}-\d{2}T/;
/** Characters, as OpenCode itself cuts a title. */
const LONGEST = 100;

interface Message {
  readonly info: {
    readonly role: string;
    readonly error?: object;
    readonly providerID?: string;
    readonly modelID?: string;
  };
  readonly parts: readonly { readonly type: string; readonly text?: string; readonly synthetic?: boolean }[];
}

interface Session {
  readonly id: string;
  readonly title: string;
  readonly parentID?: string;
}

type Answer<Data> = Promise<{ readonly data?: Data }>;
interface One {
  readonly path: { readonly id: string };
}

/** What is used of OpenCode's client. */
export interface Client {
  readonly session: {
    get(one: One): Answer<Session>;
    messages(one: One): Answer<readonly Message[]>;
    create(request: { readonly body: object }): Answer<Session>;
    prompt(request: One & { readonly body: object }): Answer<Message>;
    update(request: One & { readonly body: { readonly title: string } }): Answer<Session>;
    delete(one: One): Answer<unknown>;
  };
}

/**
 * Gives a session its title where OpenCode had to do without: it asks for one with the first message only, and that had
 * failed when nobody was signed in. Asks its own agent for titles, in a session that is deleted again.
 */
export class Titles {
  readonly #client: Client;
  readonly #ours: (providerID: string) => boolean;
  readonly #settled = new Set<string>();

  /** `ours`: whether a provider is one of the plugin's. */
  constructor(client: Client, ours: (providerID: string) => boolean) {
    this.#client = client;
    this.#ours = ours;
  }

  /** To be called when a session has come to rest. `small`: the model for such work, as `provider/model`. Never throws. */
  async see(id: string, small: string | undefined): Promise<void> {
    if (this.#settled.has(id)) return;
    const settled = await this.#entitle(id, small).catch(() => true);
    if (settled) this.#settled.add(id);
  }

  /** Whether there is no more to be done for this session. */
  async #entitle(id: string, small: string | undefined): Promise<boolean> {
    const { session } = this.#client;
    const found = (await session.get({ path: { id } })).data;
    if (!found || found.parentID || !UNTITLED.test(found.title)) return true;
    const messages = (await session.messages({ path: { id } })).data ?? [];
    const asked = messages.filter(
      ({ info, parts }) => info.role === "user" && !parts.every((part) => part.synthetic),
    );
    const answer = messages.at(-1)?.info;
    if (asked.length < 2 || answer?.role !== "assistant" || answer.error) return false;
    const { providerID = "", modelID = "" } = answer;
    if (!this.#ours(providerID) || this.#settled.has(id)) return true;
    // Once: where it fails, it does so every time. A person may have no agent for titles.
    this.#settled.add(id);
    const model = small?.startsWith(`${providerID}/`) ? small.slice(providerID.length + 1) : modelID;
    const words = asked.map(textOf).join("\n");
    const aside = (await session.create({ body: { parentID: id, title: "Title" } })).data;
    if (!aside) return true;
    const text = `Generate a title for this conversation:\n${words}`;
    const body = { agent: "title", model: { providerID, modelID: model }, parts: [{ type: "text", text }] };
    try {
      const title = textOf((await session.prompt({ path: { id: aside.id }, body })).data)
        .replace(/<think>[\s\S]*?<\/think>/g, "")
        .split("\n")
        .map((line) => line.trim())
        .find((line) => line !== "");
      if (title) await session.update({ path: { id }, body: { title: title.slice(0, LONGEST) } });
    } finally {
      await session.delete({ path: { id: aside.id } });
    }
    return true;
  }
}

function textOf(message: Message | undefined): string {
  const texts = message?.parts.filter(({ type, synthetic }) => type === "text" && !synthetic) ?? [];
  return texts.map(({ text }) => text ?? "").join("\n");
}
