import type { BusSocket } from "./session-bus.js";

/**
 * A byte stream; what is written before it is connected is sent then. Bytes are strings in latin1. It keeps no process
 * alive: who waits for an answer has a timer.
 */
export interface Connection {
  write(bytes: string): void;
  close(): void;
}

export interface ConnectionEvents {
  data(bytes: Buffer): void;
  /** The connection could not be made, or broke. Not called after `close`. */
  closed(): void;
}

/**
 * Connects to a unix socket. `node:net` is the plain way and takes 13 ms to load on Node and 25 ms on Bun (where a
 * bare start takes 54 and 9), more than everything else that reading a secret takes. So on Node this uses the binding
 * beneath `node:net`, which is loaded already (0.2 ms), and on Bun its own socket; `node:net` stays for the day
 * these are gone or odd (Node with --permission, for one, gives out no bindings).
 */
export function connectUnix(socket: BusSocket, events: ConnectionEvents): Connection {
  const bun = (globalThis as { Bun?: BunRuntime }).Bun;
  if (bun !== undefined) return connectBun(bun, socket, events);
  return connectPipe(socket, events) ?? connectNet(socket, events);
}

interface PipeHandle {
  connect(request: object, path: string): number | undefined;
  readStart(): number;
  unref(): void;
  writeLatin1String(request: object, bytes: string): number;
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

/** Undefined where the bindings are not what they were in Node 20 to 26. */
function connectPipe(socket: BusSocket, events: ConnectionEvents): Connection | undefined {
  try {
    const process_ = process as unknown as { binding(name: string): unknown };
    const pipe = process_.binding("pipe_wrap") as PipeBinding;
    const stream = process_.binding("stream_wrap") as StreamBinding;
    const handle = new pipe.Pipe(pipe.constants.SOCKET);
    handle.unref();
    let open = true;
    const close = () => {
      if (open) handle.close();
      open = false;
    };
    const end = () => {
      if (!open) return;
      close();
      events.closed();
    };
    handle.onread = (buffer) => {
      const length = stream.streamBaseState[stream.kReadBytesOrError] as number;
      if (length < 0) return end();
      const offset = stream.streamBaseState[stream.kArrayBufferOffset];
      if (open && buffer !== undefined) events.data(Buffer.from(buffer, offset, length));
    };
    const connecting = new pipe.PipeConnectWrap();
    connecting.oncomplete = (status) => {
      if (open && (status < 0 || handle.readStart() < 0)) end();
    };
    if ((handle.connect(connecting, socket) ?? 0) < 0) queueMicrotask(end);
    return {
      // libuv itself keeps what is written before the connection is there.
      write(bytes) {
        const writing = new stream.WriteWrap();
        writing.oncomplete = (status) => {
          if (status < 0) end();
        };
        if (open && handle.writeLatin1String(writing, bytes) < 0) queueMicrotask(end);
      },
      close,
    };
  } catch {
    return undefined;
  }
}

interface BunRuntime {
  connect(options: object): Promise<{ write(bytes: Buffer): number; end(): void; unref(): void }>;
}

function connectBun(bun: BunRuntime, socket: BusSocket, events: ConnectionEvents): Connection {
  let open = true;
  const end = () => {
    if (!open) return;
    open = false;
    events.closed();
  };
  const data = (_: unknown, bytes: Uint8Array) => {
    if (open) events.data(Buffer.from(bytes)); // Bun reuses its own buffer
  };
  const connecting = bun.connect({ unix: socket, socket: { data, close: end, error: end } });
  connecting.then((connected) => connected.unref(), end);
  return {
    write: (bytes) => void connecting.then((connected) => connected.write(Buffer.from(bytes, "latin1")), end),
    close: () => {
      open = false;
      void connecting.then((connected) => connected.end(), end);
    },
  };
}

function connectNet(path: BusSocket, events: ConnectionEvents): Connection {
  let open = true;
  const end = () => {
    if (!open) return;
    open = false;
    events.closed();
  };
  const connecting = import("node:net").then(({ connect }) => {
    const socket = connect(path);
    socket.unref();
    socket.on("data", (bytes) => {
      if (open) events.data(bytes);
    });
    socket.on("error", end);
    socket.on("close", end);
    return socket;
  });
  return {
    write: (bytes) => void connecting.then((socket) => socket.write(bytes, "latin1")),
    close: () => {
      open = false;
      void connecting.then((socket) => socket.destroy());
    },
  };
}
