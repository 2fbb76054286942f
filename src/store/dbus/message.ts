// The little of the D-Bus wire format ("Message Protocol" in the D-Bus Specification) that reading one secret
// takes; `call.ts` has the other half, which asks for it.

const RETURN = 2;
const ERROR = 3;
const SIGNAL = 4;
/** Bytes. The longest answer is one record and its attributes. */
const MOST = 1 << 24;
/** Values within values: 32 arrays and 32 structs ("Valid Signatures"), here variants among them. */
const DEEPEST = 64;

/** The header fields of a message. */
export const FIELD = {
  path: 1,
  interface: 2,
  member: 3,
  error_name: 4,
  reply_serial: 5,
  destination: 6,
  signature: 8,
};

export interface Message {
  readonly type: "return" | "error" | "signal" | "other";
  readonly reply_serial: number | undefined;
  readonly error_name: string | undefined;
  readonly path: string | undefined;
  readonly member: string | undefined;
  /** The arguments: strings, numbers, booleans, Buffers for `ay`, lists for other arrays and structs; no variants. */
  readonly body: readonly unknown[];
}

/**
 * The first message in `bytes` and how many bytes it takes; undefined while it is not all there. Throws where
 * the bytes are no D-Bus message, or one with types that nothing here asks for.
 */
export function parseMessage(bytes: Buffer): { message: Message; length: number } | undefined {
  if (bytes.length < 16) return undefined;
  const order = bytes[0];
  if (order !== 0x6c && order !== 0x42) throw new Error("not a D-Bus message");
  const reader = new Reader(bytes, order === 0x6c);
  reader.offset = 4;
  const bodyLength = reader.uint32();
  reader.offset = 12;
  const fieldsEnd = 16 + reader.uint32();
  const bodyStart = fieldsEnd + (-fieldsEnd & 7);
  const length = bodyStart + bodyLength;
  if (length > MOST) throw new Error("a D-Bus message that is too long");
  if (bytes.length < length) return undefined;
  reader.end = length;

  const fields: unknown[] = [];
  while (reader.offset < fieldsEnd) {
    reader.align(8);
    const code = reader.byte();
    fields[code] = reader.variant();
  }
  const textField = (code: number): string | undefined => {
    const value = fields[code];
    return typeof value === "string" ? value : undefined;
  };
  const serial = fields[FIELD.reply_serial];
  const type = bytes[1];
  reader.offset = bodyStart;
  const known = type === RETURN || type === SIGNAL;
  return {
    length,
    message: {
      type: type === RETURN ? "return" : type === ERROR ? "error" : type === SIGNAL ? "signal" : "other",
      reply_serial: typeof serial === "number" ? serial : undefined,
      error_name: textField(FIELD.error_name),
      path: textField(FIELD.path),
      member: textField(FIELD.member),
      body: known ? reader.values(textField(FIELD.signature) ?? "") : [],
    },
  };
}

class Reader {
  offset = 0;
  /** Where the message ends: what stands behind it belongs to the next one. */
  end = 16;
  #depth = 0;
  readonly #bytes: Buffer;
  readonly #little: boolean;

  constructor(bytes: Buffer, little: boolean) {
    this.#bytes = bytes;
    this.#little = little;
  }
  align(size: number): void {
    this.offset += -this.offset & (size - 1);
  }
  /** Moves over so many bytes and answers where they begin. */
  #take(length: number): number {
    const start = this.offset;
    this.offset += length;
    if (this.offset > this.end) throw new Error("a D-Bus value that is longer than its message");
    return start;
  }
  byte(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }
  uint32(): number {
    this.align(4);
    const at = this.#take(4);
    return this.#little ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at);
  }
  uint64(): number {
    this.align(8);
    const [first, second] = [this.uint32(), this.uint32()];
    return this.#little ? first + second * 2 ** 32 : first * 2 ** 32 + second;
  }
  text(length: number): string {
    const start = this.#take(length + 1);
    return this.#bytes.toString("utf8", start, start + length);
  }
  variant(): unknown {
    return this.values(this.text(this.byte()))[0];
  }
  /** A value for every complete type in the signature. */
  values(signature: string): unknown[] {
    const values: unknown[] = [];
    for (let at = 0; at < signature.length; ) {
      const end = endOfType(signature, at);
      values.push(this.#value(signature.slice(at, end)));
      at = end;
    }
    return values;
  }
  #value(type: string): unknown {
    if (++this.#depth > DEEPEST) throw new Error("a D-Bus message that is too deep");
    const value = this.#valueOf(type);
    this.#depth -= 1;
    return value;
  }
  #valueOf(type: string): unknown {
    switch (type[0]) {
      case "y":
        return this.byte();
      case "b":
        return this.uint32() === 1;
      case "u":
        return this.uint32();
      case "t":
        return this.uint64();
      case "s":
      case "o":
        return this.text(this.uint32());
      case "g":
        return this.text(this.byte());
      case "v":
        return this.variant();
      case "(":
      case "{":
        // "Empty structures are not allowed": an array of them takes no bytes and would never end.
        if (type.length < 3) throw new Error("a D-Bus signature with a struct of nothing");
        this.align(8);
        return this.values(type.slice(1, -1));
      case "a":
        return this.#array(type.slice(1));
      default:
        throw new Error("a D-Bus message with a type that was not asked for");
    }
  }
  #array(element: string): unknown {
    const length = this.uint32();
    if (/^[({t]/.test(element)) this.align(8);
    const end = this.offset + length;
    if (element === "y") return this.#bytes.subarray(this.#take(length), end);
    if (end > this.end) throw new Error("a D-Bus array that is longer than its message");
    const values: unknown[] = [];
    while (this.offset < end) values.push(this.#value(element));
    return values;
  }
}

function endOfType(signature: string, start: number): number {
  let at = start;
  while (signature[at] === "a") at++;
  if (!/^[({]/.test(signature[at] ?? "")) return at + 1;
  for (let depth = 0; at < signature.length; at++) {
    if (/[({]/.test(signature[at] ?? "")) depth++;
    if (/[)}]/.test(signature[at] ?? "") && --depth === 0) return at + 1;
  }
  throw new Error("a D-Bus signature that does not end");
}
