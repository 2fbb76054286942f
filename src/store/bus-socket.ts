import type { BusSocket } from "./session-bus.js";

/** A connected byte stream. */
export interface Connection {
  write(bytes: Buffer): void;
  close(): void;
}

export interface ConnectionEvents {
  data(bytes: Buffer): void;
  /** The connection could not be made, or broke. */
  closed(): void;
}

/**
 * Connects to a unix socket; `events.closed` is called where nobody listens there. `node:net` is the plain way
 * and costs 13 ms to load on Node and 25 ms on Bun (bare start: 54 and 9), more than the whole keyring call may
 * take. So on Node this uses the binding beneath `node:net`, which is loaded already (0.2 ms), and on Bun its own
 * socket; `node:net` stays for the day these are gone or odd (a Node run with --permission has no bindings).
 */
export async function connectUnix(socket: BusSocket, events: ConnectionEvents): Promise<Connection> {
  if (process.versions.bun !== undefined) {
    try {
      return await connectBun(socket, events);
    } catch {
      return connectNet(socket, events);
    }
  }
  return connectPipe(socket, events) ?? connectNet(socket, events);
}

interface PipeHandle {
  connect(request: object, path: string): number;
  readStart(): number;
  writeBuffer(request: object, bytes: Buffer): number;
  close(): void;
  onread: (buffer: ArrayBuffer | undefined) => void;
}
interface PipeBinding {
  readonly Pipe: new (type: number) => PipeHandle;
  readonly PipeConnectWrap: new () => { oncomplete: (status: number) => void };
  readonly constants: { readonly SOCKET: number };
}
interface StreamBinding {
  readonly WriteWrap: new () => { oncomplete: (status: number) => void };
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kArrayBufferOffset: number;
}

function connectPipe(socket: BusSocket, events: ConnectionEvents): Connection | undefined {
  let handle: PipeHandle;
  let stream: StreamBinding;
  try {
    const binding = (process as unknown as { binding(name: string): unknown }).binding;
    const pipe = binding.call(process, "pipe_wrap") as PipeBinding;
    stream = binding.call(process, "stream_wrap") as StreamBinding;
    handle = new pipe.Pipe(pipe.constants.SOCKET);
    const request = new pipe.PipeConnectWrap();
    const waiting: Buffer[] = [];
    let state: "connecting" | "open" | "closed" = "connecting";
    const connection: Connection = {
      write(bytes) {
        if (state === "connecting") waiting.push(bytes);
        if (state !== "open") return;
        const write = new stream.WriteWrap();
        write.oncomplete = (status) => {
          if (status < 0) end();
        };
        if (handle.writeBuffer(write, bytes) !== 0) end();
      },
      close() {
        if (state === "closed") return;
        state = "closed";
        handle.close();
      },
    };
    const end = () => {
      if (state === "closed") return;
      connection.close();
      events.closed();
    };
    handle.onread = (buffer) => {
      const length = stream.streamBaseState[stream.kReadBytesOrError] ?? -1;
      if (length < 0 || buffer === undefined) return length < 0 ? end() : undefined;
      const offset = stream.streamBaseState[stream.kArrayBufferOffset] ?? 0;
      if (state === "open") events.data(Buffer.from(buffer, offset, length));
    };
    request.oncomplete = (status) => {
      if (state !== "connecting") return;
      if (status < 0 || handle.readStart() !== 0) return end();
      state = "open";
      for (const bytes of waiting) connection.write(bytes);
    };
    const status = handle.connect(request, socket);
    if (status !== undefined && status < 0) queueMicrotask(end);
    return connection;
  } catch {
    return undefined;
  }
}

interface BunSocket {
  write(bytes: Buffer): number;
  end(): void;
}
interface BunRuntime {
  connect(options: object): Promise<BunSocket>;
}

async function connectBun(socket: BusSocket, events: ConnectionEvents): Promise<Connection> {
  const bun = (globalThis as unknown as { Bun: BunRuntime }).Bun;
  let closed = false;
  const end = () => {
    if (closed) return;
    closed = true;
    events.closed();
  };
  let connected: BunSocket | undefined;
  try {
    connected = await bun.connect({
      unix: socket,
      socket: {
        data: (_: unknown, bytes: Uint8Array) => {
          if (!closed) events.data(Buffer.from(bytes));
        },
        close: end,
        error: end,
        connectError: end,
      },
    });
  } catch (error) {
    if (typeof bun?.connect !== "function") throw error;
    end();
  }
  return {
    write: (bytes) => void connected?.write(bytes),
    close: () => {
      closed = true;
      connected?.end();
    },
  };
}

async function connectNet(path: BusSocket, events: ConnectionEvents): Promise<Connection> {
  const { connect } = await import("node:net");
  const socket = connect(path);
  let closed = false;
  const end = () => {
    if (closed) return;
    closed = true;
    socket.destroy();
    events.closed();
  };
  socket.on("data", (bytes) => {
    if (!closed) events.data(bytes);
  });
  socket.on("error", end);
  socket.on("close", end);
  return {
    write: (bytes) => void socket.write(bytes),
    close: () => {
      closed = true;
      socket.destroy();
    },
  };
}
