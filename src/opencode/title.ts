import type { Client, Message, Session } from "./client.js";

/** The title OpenCode gives a session until it has one (1.18). */
const UNTITLED = /^New session - \d{4}-\d{2}-\d{2}T/;
/** Characters, as OpenCode itself cuts a title. */
const LONGEST = 100;
/** What the session is called in which a title is asked for. No sub-agent's is: so one that is left behind is known again. */
const ASIDE = "Title (oidc-token)";
/** Milliseconds after which such a session is none that another OpenCode is asking in. */
const LEFT_BEHIND = 60_000;
/** Milliseconds that OpenCode's end is held up for. */
const MOST_AT_THE_END = 5000;

/**
 * Gives a session its title where OpenCode had to do without: it asks for one with the first message only, and that had
 * failed when nobody was signed in. Asks its own agent for titles, in a session that is deleted again before the title is
 * written. What an OpenCode that was killed has left behind goes when one next comes to rest.
 */
export class Titles {
  readonly #client: Client;
  readonly #ours: (providerID: string) => boolean;
  readonly #settled = new Set<string>();
  readonly #under_way = new Set<Promise<boolean>>();
  #tidied: Promise<void> | undefined;
  /** Whether no session may be made any more. */
  #ended = false;

  /** `ours`: whether a provider is one of the plugin's. */
  constructor(client: Client, ours: (providerID: string) => boolean) {
    this.#client = client;
    this.#ours = ours;
  }

  /** To be called when a session has come to rest. `small`: the model for such work, as `provider/model`. Never throws. */
  async see(id: string, small: string | undefined): Promise<void> {
    if (this.#settled.has(id)) return;
    this.#tidied ??= this.#tidy().catch(() => {});
    const settled = this.#tidied.then(() => this.#entitle(id, small)).catch(() => true);
    this.#under_way.add(settled);
    if (await settled) this.#settled.add(id);
    this.#under_way.delete(settled);
  }

  /** To be called when OpenCode ends, and cuts short what is asked for: waits until no session of ours is left. */
  async end(): Promise<void> {
    this.#ended = true;
    const limit = new Promise((resolve) => setTimeout(resolve, MOST_AT_THE_END).unref?.());
    await Promise.race([Promise.all(this.#under_way), limit]);
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
    const text = `Generate a title for this conversation:\n${words}`;
    const body = { agent: "title", model: { providerID, modelID: model }, parts: [{ type: "text", text }] };
    const title = await this.#ask(id, body);
    if (title) await session.update({ path: { id }, body: { title: title.slice(0, LONGEST) } });
    return true;
  }

  /** What OpenCode's agent for titles answers, asked in a session beside this one that is gone afterwards. */
  async #ask(id: string, body: object): Promise<string | undefined> {
    const { session } = this.#client;
    if (this.#ended) return undefined;
    const aside = (await session.create({ body: { parentID: id, title: ASIDE } })).data;
    if (!aside) return undefined;
    const said = await session.prompt({ path: { id: aside.id }, body }).finally(() => this.#remove(aside));
    // Cut short, OpenCode answers with the question.
    if (said.data?.info.role !== "assistant" || said.data.info.error) return undefined;
    return textOf(said.data)
      .replace(/<think>[\s\S]*?<\/think>/g, "")
      .split("\n")
      .map((line) => line.trim())
      .find((line) => line !== "");
  }

  async #tidy(): Promise<void> {
    const found = (await this.#client.session.list({ query: { search: ASIDE } })).data ?? [];
    const old = Date.now() - LEFT_BEHIND;
    for (const each of found) if (each.title === ASIDE && each.time.created < old) await this.#remove(each);
  }

  /** Where OpenCode keeps one, no other is made. */
  async #remove({ id }: Session): Promise<void> {
    const { error } = await this.#client.session.delete({ path: { id } });
    if (error) this.#ended = true;
  }
}

function textOf(message: Message | undefined): string {
  const texts = message?.parts.filter(({ type, synthetic }) => type === "text" && !synthetic) ?? [];
  return texts.map(({ text }) => text ?? "").join("\n");
}
