import type { Options } from "./options.js";
import { start } from "./start.js";

/** A request of a session that is about to go out, as V2 of OpenCode's plugin API shows it; what is put in its place is sent. */
interface RequestEvent {
  readonly model?: { readonly providerID?: string };
  request: Request;
}

/** What is used of V2's context. Releases that have V2 in part only, 1.18 for one, lack `session`. */
export interface Context {
  readonly options?: Options;
  readonly session?: {
    hook?(name: "http.request", callback: (event: RequestEvent) => Promise<void>): Promise<unknown>;
  };
}

/** The plugin for V2: the same tokens, by the hook that sees each request. The provider itself stands in opencode.json. */
export async function setup({ options = {}, session }: Context): Promise<void> {
  if (typeof session?.hook !== "function") return;
  const { attached, requests } = await start(options);
  await session.hook("http.request", async (event) => {
    const attachment = attached.find(({ id }) => id === event.model?.providerID);
    if (attachment) event.request = await requests.authorize(attachment, event.request);
  });
}
