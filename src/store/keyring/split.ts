import { OidcTokenError } from "../../errors.js";

/** A keyring whose values are limited in length. */
export interface Entries {
  get(name: string): Promise<Uint8Array | undefined>;
  /** Replaces the entry as a whole or not at all. */
  set(name: string, value: Uint8Array): Promise<void>;
  delete(name: string): Promise<boolean>;
}

/** Bytes a value may have in Windows' Credential Manager: CRED_MAX_CREDENTIAL_BLOB_SIZE, 5 * 512 (wincred.h). */
const ENTRY_LIMIT = 2_560;

/** One entry: a line that says what it is part of and how long it is, then its bytes. */
interface Part {
  readonly generation: string;
  /** Which of two sets of names the further parts have. */
  readonly set: "a" | "b";
  /** Of the first part, how many there are; of the others, which one this is. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * Texts of any length in entries of at most 2,560 bytes: `account` holds the first part, `account#a1`,
 * `account#a2` … the others. A new text puts its further parts under the set of names not in use (`#b1` …), then
 * replaces `account`, which is the one moment it becomes the value, then deletes the old parts. So a writer killed at
 * any step leaves the old text or the new. Every part carries its text's generation: parts that do not belong
 * together, however that came about, are noticed.
 */
export class SplitEntries {
  readonly #entries: Entries;

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  /** Throws an OidcTokenError of kind `store` where the parts do not make up a text. */
  async get(account: string): Promise<string | undefined> {
    // A writer may replace the text between the reads here; then the next look finds its parts.
    for (let attempt = 1; attempt <= 3; attempt++) {
      const first = await this.#entries.get(account);
      if (first === undefined) return undefined;
      const text = await this.#join(account, first);
      if (text !== undefined) return text;
    }
    throw new OidcTokenError(
      "store",
      "what the keyring holds for this profile is incomplete",
      "sign in again: oidc-token login",
    );
  }

  async set(account: string, text: string): Promise<void> {
    const current = await this.#entries.get(account);
    const head = current && parse(current);
    const set = head?.set === "a" ? "b" : "a";
    const generation = `${Date.now().toString(36)}-${process.hrtime.bigint().toString(36)}-${process.pid}`;
    const chunks = split(Buffer.from(text, "utf8"), generation, set);
    for (let number = 1; number < chunks.length; number++) {
      const part = { generation, set, number, bytes: chunks[number] as Uint8Array } as const;
      await this.#entries.set(partName(account, set, number), format(part));
    }
    const first = { generation, set, number: chunks.length, bytes: chunks[0] as Uint8Array } as const;
    await this.#entries.set(account, format(first));
    await this.#deleteFrom(account, set, chunks.length);
    await this.#deleteFrom(account, set === "a" ? "b" : "a", 1);
  }

  async delete(account: string): Promise<boolean> {
    const deleted = await this.#entries.delete(account);
    await this.#deleteFrom(account, "a", 1);
    await this.#deleteFrom(account, "b", 1);
    return deleted;
  }

  async #join(account: string, first: Uint8Array): Promise<string | undefined> {
    const head = parse(first);
    if (head === undefined) return undefined;
    const chunks = [head.bytes];
    for (let number = 1; number < head.number; number++) {
      const entry = await this.#entries.get(partName(account, head.set, number));
      const part = entry && parse(entry);
      if (part?.generation !== head.generation || part.number !== number) return undefined;
      chunks.push(part.bytes);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  /** Deletes the parts of a set from a number on, the last one first, so that no gap ever hides one. */
  async #deleteFrom(account: string, set: "a" | "b", from: number): Promise<void> {
    let end = from;
    while ((await this.#entries.get(partName(account, set, end))) !== undefined) end++;
    for (let number = end - 1; number >= from; number--) {
      await this.#entries.delete(partName(account, set, number));
    }
  }
}

function partName(account: string, set: "a" | "b", number: number): string {
  return `${account}#${set}${number}`;
}

function split(bytes: Buffer, generation: string, set: "a" | "b"): Uint8Array[] {
  const room = ENTRY_LIMIT - format({ generation, set, number: 9_999, bytes: Buffer.alloc(0) }).length;
  const chunks: Uint8Array[] = [bytes.subarray(0, room)];
  for (let at = room; at < bytes.length; at += room) chunks.push(bytes.subarray(at, at + room));
  return chunks;
}

function format(part: Part): Uint8Array {
  const length = String(part.bytes.length).padStart(4, "0");
  const line = `1 ${part.generation} ${part.set} ${part.number} ${length}\n`;
  return Buffer.concat([Buffer.from(line, "latin1"), part.bytes]);
}

function parse(entry: Uint8Array): Part | undefined {
  const bytes = Buffer.from(entry);
  const end = bytes.indexOf("\n");
  const match = /^1 (\S+) ([ab]) (\d{1,4}) (\d{4})$/.exec(bytes.toString("latin1", 0, Math.max(end, 0)));
  if (match === null) return undefined;
  const [, generation, set, number, length] = match as unknown as [string, string, "a" | "b", string, string];
  const rest = bytes.subarray(end + 1);
  return rest.length === Number(length)
    ? { generation, set, number: Number(number), bytes: rest }
    : undefined;
}
