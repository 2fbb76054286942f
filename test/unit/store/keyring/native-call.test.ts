import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nativeCallPending, withDeadline } from "../../../../src/store/keyring/native-call.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a native call", () => {
  it("that answers in time is answered, and leaves nothing pending", async () => {
    await expect(withDeadline(Promise.resolve("secret"), 1000)).resolves.toBe("secret");
    expect(nativeCallPending()).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that fails in time fails with its own error", async () => {
    await expect(withDeadline(Promise.reject(new Error("no keyring")), 1000)).rejects.toThrow("no keyring");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that misses its deadline is an error that says what was waited for, and is pending until it ends", async () => {
    let answer: (text: string) => void = () => {};
    const late = withDeadline(new Promise<string>((resolve) => (answer = resolve)), 5000);
    const told = expect(late).rejects.toMatchObject({
      kind: "store",
      message: "the keyring did not answer within 5 s",
    });
    await vi.advanceTimersByTimeAsync(5000);
    await told;
    expect(nativeCallPending()).toBe(true);
    answer("too late");
    await vi.advanceTimersByTimeAsync(0);
    expect(nativeCallPending()).toBe(false);
  });

  it("that hangs is known to the other bundle as well, which is the one that ends the process", async () => {
    let fail: (error: Error) => void = () => {};
    const late = withDeadline(new Promise<string>((_, reject) => (fail = reject)), 1000);
    const told = expect(late).rejects.toMatchObject({ kind: "store" });
    await vi.advanceTimersByTimeAsync(1000);
    await told;
    vi.resetModules();
    const other = await import("../../../../src/store/keyring/native-call.js");
    expect(other.nativeCallPending).not.toBe(nativeCallPending);
    expect(other.nativeCallPending()).toBe(true);
    fail(new Error("at last"));
    await vi.advanceTimersByTimeAsync(0);
    expect(other.nativeCallPending()).toBe(false);
  });
});
