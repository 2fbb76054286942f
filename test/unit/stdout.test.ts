import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { watchStdout } from "../../src/stdout.js";

const streamOf = (write: (chunk: Buffer, done: (error?: Error) => void) => void) =>
  new Writable({ write: (chunk, _encoding, done) => write(chunk, done) }) as unknown as NodeJS.WriteStream;
const failing = (code: string) => Object.assign(new Error(code), { code });

describe("output", () => {
  it("has arrived once the stream has taken all of it, however slowly", async () => {
    let taken = "";
    const slow = streamOf((chunk, done) => {
      taken += chunk;
      setTimeout(done, 5);
    });
    const arrived = watchStdout(slow);
    for (const line of ["a", "b", "c"]) slow.write(line);
    await arrived();
    expect(taken).toBe("abc");
  });

  it("that is none has arrived", async () => {
    const stdout = new PassThrough() as unknown as NodeJS.WriteStream;
    await expect(watchStdout(stdout)()).resolves.toBeUndefined();
  });

  it.each([
    ["at once", (done: (error?: Error) => void) => done(failing("ENOSPC"))],
    ["later", (done: (error?: Error) => void) => setTimeout(() => done(failing("ENOSPC")), 5)],
  ])("that did not arrive is an error with its cause, when the stream says so %s", async (_when, fail) => {
    const full = streamOf((_chunk, done) => fail(done));
    const arrived = watchStdout(full);
    full.write("token");
    await expect(arrived()).rejects.toMatchObject({
      kind: "temporary",
      message: "the output could not be written: ENOSPC",
    });
  });

  it("that failed before anybody waited for it is not forgotten", async () => {
    const full = streamOf((_chunk, done) => done(failing("EIO")));
    const arrived = watchStdout(full);
    full.write("token");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(arrived()).rejects.toMatchObject({ message: "the output could not be written: EIO" });
  });

  it("that the reader no longer wants is no error, as with head", async () => {
    const gone = streamOf((_chunk, done) => done(failing("EPIPE")));
    const arrived = watchStdout(gone);
    gone.write("token");
    await expect(arrived()).resolves.toBeUndefined();
  });

  it("that failed is not forgotten where only its own writer is told, as on Bun", async () => {
    const bun = Object.assign(new PassThrough(), {
      write: (text: string, done?: (error?: Error) => void): boolean => {
        setTimeout(() => done?.(text === "" ? undefined : failing("ENOSPC")), text === "" ? 0 : 5);
        return true;
      },
    }) as unknown as NodeJS.WriteStream;
    const arrived = watchStdout(bun);
    let told: Error | null | undefined;
    bun.write("token", (error) => {
      told = error;
    });
    await expect(arrived()).rejects.toMatchObject({ message: "the output could not be written: ENOSPC" });
    expect(told).toMatchObject({ code: "ENOSPC" });
  });
});
