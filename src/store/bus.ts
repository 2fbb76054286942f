import { type Connection, connectUnix } from "./bus-socket.js";
import { type Message, type MethodCall, methodCall, parseMessage } from "./dbus-message.js";
import type { BusSocket } from "./session-bus.js";

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
 * A client of the session bus. Everything is sent without waiting for the answers before it (the daemon reads
 * in order), so that a first call costs one round trip. Nothing here ends by itself where the bus is silent: the
 * caller keeps a deadline and calls `close`.
 */
export class Bus {
  readonly #sockets: BusSocket[];
  #connection: Connection | undefined;
  #sent: Buffer[] = [];
  #received: Buffer = Buffer.alloc(0);
  #heard = false;
  #admitted = false;
  #failed: BusError | undefined;
  #serial = 0;
  #waiting: Waiting[] = [];

  constructor(sockets: readonly BusSocket[]) {
    this.#sockets = [...sockets];
    // SASL EXTERNAL names the user by the digits of the uid in hex; the socket's credentials prove it.
    const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString("hex");
    this.#sent.push(Buffer.from(`\0AUTH EXTERNAL ${uid}\r\nBEGIN\r\n`, "latin1"));
    void this.call({
      destination: "org.freedesktop.DBus",
      path: "/org/freedesktop/DBus",
      interface: "org.freedesktop.DBus",
      member: "Hello",
    }).catch(() => {}); // a bus that fails here fails the next call too
    queueMicrotask(() => void this.#connectNext());
  }

  /** Calls a method; the answer may be an error message. Rejects with a BusError. */
  call(call: Omit<MethodCall, "serial">): Promise<Message> {
    const serial = ++this.#serial;
    const answer = this.#wait((message) => message.reply_serial === serial);
    this.#send(methodCall({ ...call, serial }));
    return answer;
  }

  /** The next signal of that member from that object; ask for it before calling what raises it. */
  signal(path: string, member: string): Promise<Message> {
    return this.#wait(
      (message) => message.type === "signal" && message.path === path && message.member === member,
    );
  }

  close(): void {
    this.#fail("broken");
  }

  #wait(matches: (message: Message) => boolean): Promise<Message> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ matches, resolve, reject });
    });
  }

  #send(bytes: Buffer): void {
    if (this.#connection === undefined) this.#sent.push(bytes);
    else this.#connection.write(bytes);
  }

  async #connectNext(): Promise<void> {
    const socket = this.#sockets.shift();
    if (socket === undefined || this.#failed !== undefined) return this.#fail("unreachable");
    const connection = await connectUnix(socket, {
      data: (bytes) => this.#receive(bytes),
      closed: () => {
        if (this.#heard) this.#fail("broken");
        else queueMicrotask(() => void this.#connectNext());
      },
    });
    if (this.#failed !== undefined) return connection.close();
    connection.write(Buffer.concat(this.#sent));
    this.#connection = connection;
  }

  #receive(bytes: Buffer): void {
    this.#heard = true;
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    try {
      if (!this.#admitted) {
        const end = this.#received.indexOf("\r\n");
        if (end === -1) return;
        if (!this.#received.toString("latin1", 0, end).startsWith("OK ")) throw new BusError("broken");
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
