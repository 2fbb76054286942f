// The little of the D-Bus wire format ("Message Protocol" in the D-Bus Specification) that asking whether the
// keyring is there and unlocked takes. Everything is marshalled as little-endian.

const CALL = 1;
const RETURN = 2;
const ERROR = 3;
const SIGNAL = 4;
const FIELD = {
  path: 1,
  interface: 2,
  member: 3,
  error_name: 4,
  reply_serial: 5,
  destination: 6,
  signature: 8,
} as const;

export interface MethodCall {
  readonly serial: number;
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** Arguments; a list of strings stands for an array of object paths. */
  readonly body?: readonly (string | readonly string[])[];
}

export interface Message {
  readonly type: "return" | "error" | "signal" | "call";
  readonly reply_serial: number | undefined;
  readonly error_name: string | undefined;
  readonly path: string | undefined;
  readonly member: string | undefined;
  /** The arguments by type: booleans, strings and object paths, lists of these, variants unwrapped. */
  readonly body: readonly unknown[];
}

/** The bytes of a method call. */
export function methodCall(call: MethodCall): Buffer {
  const body = new Writer();
  let signature = "";
  for (const argument of call.body ?? []) {
    if (typeof argument === "string") {
      body.string(argument);
      signature += "s";
    } else {
      const paths = new Writer();
      for (const path of argument) paths.string(path);
      body.uint32(paths.length);
      body.append(paths);
      signature += "ao";
    }
  }
  const fields = new Writer();
  fields.field(FIELD.path, "o", call.path);
  fields.field(FIELD.interface, "s", call.interface);
  fields.field(FIELD.member, "s", call.member);
  fields.field(FIELD.destination, "s", call.destination);
  if (signature !== "") fields.field(FIELD.signature, "g", signature);

  const message = new Writer();
  message.bytes(0x6c, CALL, 0, 1); // "l": little-endian; no flags; protocol version 1
  message.uint32(body.length);
  message.uint32(call.serial);
  message.uint32(fields.length);
  message.append(fields);
  message.align(8);
  message.append(body);
  return message.buffer();
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
  if (length > 1 << 20) throw new Error("a D-Bus message that is too long");
  if (bytes.length < length) return undefined;

  const fields = new Map<number, unknown>();
  while (reader.offset < fieldsEnd) {
    reader.align(8);
    const code = reader.byte();
    fields.set(code, reader.variant());
  }
  const type = bytes[1];
  const body: unknown[] = [];
  if (type !== CALL) {
    reader.offset = bodyStart;
    const signature = String(fields.get(FIELD.signature) ?? "");
    for (let at = 0; at < signature.length; ) {
      const one = signature[at] === "a" ? signature.slice(at, at + 2) : (signature[at] as string);
      body.push(reader.value(one));
      at += one.length;
    }
  }
  return {
    length,
    message: {
      type: type === RETURN ? "return" : type === ERROR ? "error" : type === SIGNAL ? "signal" : "call",
      reply_serial: fields.get(FIELD.reply_serial) as number | undefined,
      error_name: fields.get(FIELD.error_name) as string | undefined,
      path: fields.get(FIELD.path) as string | undefined,
      member: fields.get(FIELD.member) as string | undefined,
      body,
    },
  };
}

class Writer {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }
  buffer(): Buffer {
    return Buffer.from(this.#bytes);
  }
  bytes(...values: number[]): void {
    this.#bytes.push(...values);
  }
  align(size: number): void {
    while (this.length % size !== 0) this.#bytes.push(0);
  }
  uint32(value: number): void {
    this.align(4);
    this.bytes(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
  }
  string(text: string): void {
    const bytes = Buffer.from(text, "utf8");
    this.uint32(bytes.length);
    this.bytes(...bytes, 0);
  }
  signature(text: string): void {
    this.bytes(text.length, ...Buffer.from(text, "latin1"), 0);
  }
  field(code: number, type: string, value: string): void {
    this.align(8);
    this.bytes(code);
    this.signature(type);
    if (type === "g") this.signature(value);
    else this.string(value);
  }
  append(other: Writer): void {
    this.bytes(...other.#bytes);
  }
}

class Reader {
  offset = 0;
  readonly #bytes: Buffer;
  readonly #little: boolean;

  constructor(bytes: Buffer, little: boolean) {
    this.#bytes = bytes;
    this.#little = little;
  }
  align(size: number): void {
    this.offset += -this.offset & (size - 1);
  }
  byte(): number {
    return this.#bytes.readUInt8(this.offset++);
  }
  uint32(): number {
    this.align(4);
    this.offset += 4;
    const at = this.offset - 4;
    return this.#little ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at);
  }
  text(length: number): string {
    const text = this.#bytes.toString("utf8", this.offset, this.offset + length);
    this.offset += length + 1;
    return text;
  }
  variant(): unknown {
    return this.value(this.text(this.byte()));
  }
  value(type: string): unknown {
    switch (type) {
      case "s":
      case "o":
        return this.text(this.uint32());
      case "g":
        return this.text(this.byte());
      case "u":
        return this.uint32();
      case "b":
        return this.uint32() === 1;
      case "v":
        return this.variant();
      case "as":
      case "ao": {
        const length = this.uint32();
        const end = this.offset + length;
        const values: string[] = [];
        while (this.offset < end) values.push(this.text(this.uint32()));
        return values;
      }
      default:
        throw new Error(`a D-Bus message with an unexpected type ${type}`);
    }
  }
}
