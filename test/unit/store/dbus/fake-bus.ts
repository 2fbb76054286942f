import { createServer, type Socket } from "node:net";

/** Marshals what a Secret Service answers, in either byte order. */
export class Body {
  bytes: number[] = [];
  constructor(
    readonly signature: string,
    readonly little = true,
  ) {}
  align(size: number): this {
    while (this.bytes.length % size) this.bytes.push(0);
    return this;
  }
  u32(value: number): this {
    this.align(4);
    const bytes = [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
    this.bytes.push(...(this.little ? bytes : bytes.reverse()));
    return this;
  }
  text(value: string): this {
    const bytes = Buffer.from(value);
    this.u32(bytes.length).bytes.push(...bytes, 0);
    return this;
  }
  sig(value: string): this {
    this.bytes.push(value.length, ...Buffer.from(value), 0);
    return this;
  }
  paths(values: readonly string[]): this {
    const inner = new Body("", this.little);
    for (const value of values) inner.text(value);
    this.u32(inner.bytes.length).bytes.push(...inner.bytes);
    return this;
  }
}

export interface Call {
  readonly serial: number;
  readonly text: string;
  /** Sends a message of the given type (2 return, 3 error, 4 signal) with the header fields given. */
  answer(body: Body, type?: number, fields?: Readonly<Record<number, string>>): void;
}

export interface FakeBusOptions {
  readonly little?: boolean;
  /** Sends every byte by itself. */
  readonly drip?: boolean;
  readonly greeting?: string;
}

export interface FakeBus {
  /** How many there have been. */
  readonly connections: number;
  stop(): Promise<void>;
}

/** A session bus on `path` that lets everybody in and hands each call, in order, to `handle`. */
export async function startFakeBus(
  path: string,
  handle: (call: Call, socket: Socket) => void,
  { little = true, drip = false, greeting = "OK 00ff\r\n" }: FakeBusOptions = {},
): Promise<FakeBus> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    let received = Buffer.alloc(0);
    let admitted = false;
    const send = (bytes: Buffer) => {
      if (!drip) return void socket.write(bytes);
      for (const byte of bytes) socket.write(Buffer.of(byte));
    };
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (!admitted) {
        const end = received.indexOf("BEGIN\r\n");
        if (end === -1) return;
        received = received.subarray(end + 7);
        admitted = true;
        send(Buffer.from(greeting));
      }
      while (received.length >= 16) {
        const header = 16 + received.readUInt32LE(12);
        const length = header + (-header & 7) + received.readUInt32LE(4);
        if (received.length < length) return;
        const serial = received.readUInt32LE(8);
        const text = received.toString("latin1", 0, length);
        received = received.subarray(length);
        handle(
          {
            serial,
            text,
            answer: (body, type = 2, fields = {}) => send(message(body, type, serial, fields, little)),
          },
          socket,
        );
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    get connections() {
      return connections;
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

export function message(
  body: Body,
  type: number,
  serial: number,
  fields: Readonly<Record<number, string>>,
  little: boolean,
): Buffer {
  const header = new Body("", little);
  if (type !== 4) {
    header.bytes.push(5);
    header.sig("u").u32(serial);
  }
  for (const [code, value] of Object.entries(fields)) {
    header.align(8).bytes.push(Number(code));
    header.sig(code === "1" ? "o" : "s").text(value);
  }
  header.align(8).bytes.push(8);
  header.sig("g").sig(body.signature);
  const start = new Body("", little);
  start.bytes.push(little ? 0x6c : 0x42, type, 0, 1);
  start.u32(body.bytes.length).u32(1).u32(header.bytes.length);
  const all = new Body("", little);
  all.bytes = [...start.bytes, ...header.bytes];
  all.align(8);
  return Buffer.from([...all.bytes, ...body.bytes]);
}
