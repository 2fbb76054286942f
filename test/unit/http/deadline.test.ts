import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { deadline } from "../../../src/http/deadline.js";

describe("a deadline", () => {
  it("ends by itself", async () => {
    const limit = deadline(0.02);
    expect(limit.why()).toBeUndefined();
    await delay(40);
    expect(limit.why()).toBe("timeout");
  });

  it("ends with its parent, and tells an interruption from the parent's own time being up", async () => {
    const controller = new AbortController();
    const byPerson = deadline(10, controller.signal);
    controller.abort();
    expect(byPerson.why()).toBe("interrupted");
    const parent = deadline(0.01);
    const child = deadline(10, parent.signal);
    await delay(30);
    expect(child.why()).toBe("timeout");
    for (const limit of [byPerson, parent, child]) limit.end();
  });

  it("is over at once where the parent was before", () => {
    const limit = deadline(10, AbortSignal.abort());
    expect(limit.why()).toBe("interrupted");
    limit.end();
  });

  it("does not end any more once it was let go", async () => {
    const controller = new AbortController();
    const limit = deadline(0.01, controller.signal);
    limit.end();
    controller.abort();
    await delay(30);
    expect(limit.signal.aborted).toBe(false);
  });
});
