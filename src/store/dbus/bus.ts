import { type MethodCall, methodCall, toBus } from "./call.js";
import { type Message, parseMessage } from "./message.js";
import type { BusSocket } from "./session-bus.js";
import { type Connection, connectUnix } from "./socket.js";

/** Why there is no answer: nobody listens, or what listens does not let this user in or broke off. */
export class BusError extends Error {
  readonly reason: "unreachable" | "broken";

  constructor(reason: "unreachable" | "broken") {
    super(`D-Bus ${reason}`);
    this.reason = reason;
  }
}

interface Waiting {
  matches(message: Message): boolean;
  resolve(message: Message): void;
  reject(error: BusError): void;
}

/**
 * A client of the session bus. Calls made before `connect` go out in one write together with the greeting: the
 * bus reads in order, so none has to wait for the answer to the one before. Nothing here ends by itself where
 * the bus is silent: the caller keeps a deadline and calls `close`.
 */
export class Bus {
  readonly #sockets: BusSocket[];
  #connection: Connection | undefined;
  #greeting: string;
  #received: Buffer | undefined;
  #admitted = false;
  #failed: BusError | undefined;
  #serial = 0;
  readonly #waiting: Waiting[] = [];

  constructor(sockets: readonly BusSocket[]) {
    this.#sockets = [...sockets];
    // SASL EXTERNAL names the user by the digits of the uid in hex, which for digits is a 3 before each.
    const uid = String(process.getuid?.() ?? 0).replace(/\d/g, "3$&");
    this.#greeting = `\0AUTH EXTERNAL ${uid}\r\nBEGIN\r\n`;
    this.#send(methodCall(toBus("Hello"), ++this.#serial));
  }

  /** False once it has failed or was closed. */
  get usable(): boolean {
    return this.#failed === undefined;
  }

  /** Connects to the first socket that somebody listens on. */
  connect(): void {
    const socket = this.#sockets.shift();
    if (socket === undefined) {
      this.#fail("unreachable");
      return;
    }
    const connection = connectUnix(socket, {
      data: (bytes) => this.#receive(bytes),
      closed: () => {
        if (this.#received === undefined) this.connect();
        else this.#fail("broken");
      },
    });
    this.#connection = connection;
    connection.write(this.#greeting);
  }

  /** Calls a method; the answer may be an error message. Rejects with a BusError. */
  call(call: MethodCall): Promise<Message> {
    const serial = ++this.#serial;
    this.#send(methodCall(call, serial));
    return this.#wait((message) => message.reply_serial === serial);
  }

  /** The next signal of that member from that object; ask for it before calling what raises it. */
  signal(path: string, member: string): Promise<Message> {
    return this.#wait((m) => m.type === "signal" && m.path === path && m.member === member);
  }

  close(): void {
    this.#fail("broken");
  }

  #wait(matches: (message: Message) => boolean): Promise<Message> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    const answer = new Promise<Message>((resolve, reject) => {
      this.#waiting.push({ matches, resolve, reject });
    });
    // Of several calls under way only one may be awaited when all fail.
    answer.catch(() => {});
    return answer;
  }

  #send(bytes: string): void {
    // What a later socket is to be sent too is kept until the first has answered.
    if (this.#received === undefined) this.#greeting += bytes;
    this.#connection?.write(bytes);
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received?.length ? Buffer.concat([this.#received, bytes]) : bytes;
    try {
      if (!this.#admitted) {
        const end = this.#received.indexOf("\r\n");
        if (end === -1) return;
        if (this.#received.toString("latin1", 0, 3) !== "OK ") throw new BusError("broken");
        this.#received = this.#received.subarray(end + 2);
        this.#admitted = true;
      }
      for (let next = parseMessage(this.#received); next !== undefined; next = parseMessage(this.#received)) {
        this.#received = this.#received.subarray(next.length);
        this.#deliver(next.message);
      }
    } catch {
      this.#fail("broken");
    }
  }

  #deliver(message: Message): void {
    const at = this.#waiting.findIndex((waiting) => waiting.matches(message));
    if (at !== -1) this.#waiting.splice(at, 1)[0]?.resolve(message);
  }

  #fail(reason: "unreachable" | "broken"): void {
    if (this.#failed !== undefined) return;
    this.#failed = new BusError(reason);
    this.#connection?.close();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#failed);
  }
}
