export interface Message {
  readonly info: {
    readonly role: string;
    readonly error?: object;
    readonly providerID?: string;
    readonly modelID?: string;
  };
  readonly parts: readonly { readonly type: string; readonly text?: string; readonly synthetic?: boolean }[];
}

export interface Session {
  readonly id: string;
  readonly title: string;
  readonly parentID?: string;
  /** Milliseconds since the epoch. */
  readonly time: { readonly created: number };
}

type Answer<Data> = Promise<{ readonly data?: Data; readonly error?: unknown }>;
interface One {
  readonly path: { readonly id: string };
}

/** What is used of OpenCode's client. */
export interface Client {
  readonly session: {
    get(one: One): Answer<Session>;
    messages(one: One): Answer<readonly Message[]>;
    list(request: { readonly query: { readonly search: string } }): Answer<readonly Session[]>;
    create(request: { readonly body: object }): Answer<Session>;
    prompt(request: One & { readonly body: object }): Answer<Message>;
    update(request: One & { readonly body: { readonly title: string } }): Answer<Session>;
    delete(one: One): Answer<unknown>;
  };
}
