/**
 * As much of the Fetch standard's `Headers` and `Response` as an answer of a provider needs. In Node the first use of its
 * own loads all of undici, which takes longer than the rest of a refresh; in Bun they cost nothing. The build puts these
 * in the place of the global names (build.mjs), in openid-client too.
 */
type Entries = Iterable<readonly [string, string]>;

class LeanHeaders {
  readonly #values = new Map<string, string>();

  constructor(init: Entries | Readonly<Record<string, string>> = []) {
    const entries = Symbol.iterator in init ? (init as Entries) : Object.entries(init);
    for (const [name, value] of entries) this.append(name, value);
  }

  append(name: string, value: string): void {
    const before = this.get(name);
    this.set(name, before === null ? value : `${before}, ${value}`);
  }

  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), `${value}`.replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, ""));
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null;
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }

  entries(): IterableIterator<[string, string]> {
    return this.#values.entries();
  }

  forEach(use: (value: string, name: string) => void): void {
    this.#values.forEach(use);
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /** By this openid-client knows it. */
  get [Symbol.toStringTag](): string {
    return "Headers";
  }
}

/** Where a body comes from, and how it is let go of. */
export type Bytes = AsyncIterable<Uint8Array> & { cancel(): Promise<void> };

interface ResponseInit {
  readonly status?: number;
  readonly headers?: LeanHeaders | Readonly<Record<string, string>>;
}

class LeanResponse {
  readonly status: number;
  readonly headers: LeanHeaders;
  readonly body: Bytes | null;
  readonly #text: string | undefined;
  #used = false;

  constructor(body?: string | Bytes | null, { status = 200, headers }: ResponseInit = {}) {
    this.status = status;
    this.headers = new LeanHeaders(headers);
    this.#text = typeof body === "string" ? body : undefined;
    this.body = typeof body === "string" ? inOnePiece(body) : (body ?? null);
  }

  static json(value: unknown, init: ResponseInit = {}): LeanResponse {
    const response = new LeanResponse(JSON.stringify(value), init);
    if (!response.headers.has("content-type")) response.headers.set("content-type", "application/json");
    return response;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get bodyUsed(): boolean {
    return this.#used;
  }

  /** Only of a text: that of the network is read once, with a bound. */
  clone(): LeanResponse {
    if (this.#used || (this.body && this.#text === undefined)) throw new TypeError("nothing left to clone");
    return new LeanResponse(this.#text, this);
  }

  async text(): Promise<string> {
    if (this.#used) throw new TypeError("the body has been read already");
    this.#used = this.body !== null;
    if (this.#text !== undefined || !this.body) return this.#text ?? "";
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.body) chunks.push(chunk);
    return new TextDecoder().decode(Buffer.concat(chunks));
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  get [Symbol.toStringTag](): string {
    return "Response";
  }
}

function inOnePiece(text: string): Bytes {
  return {
    cancel: async () => {},
    async *[Symbol.asyncIterator]() {
      yield new TextEncoder().encode(text);
    },
  };
}

const is_bun = process.versions.bun !== undefined;
export const Headers = (is_bun ? globalThis.Headers : LeanHeaders) as typeof globalThis.Headers;
export const Response = (is_bun ? globalThis.Response : LeanResponse) as typeof globalThis.Response;

/** A response whose body is still to come. */
export function streamed(body: Bytes, init: { status: number; headers: Entries }): globalThis.Response {
  const headers = new LeanHeaders(init.headers);
  return new LeanResponse(body, { status: init.status, headers }) as unknown as globalThis.Response;
}
