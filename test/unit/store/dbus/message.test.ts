import { describe, expect, test } from "vitest";
import { parseMessage } from "../../../../src/store/dbus/message.js";
import { fuzzCount, randomNumbers } from "../../../support/fuzz.js";
import { Body, message } from "./fake-bus.js";

const MESSAGES = fuzzCount(10_000);
const SEED = 20_261;

const parse = (body: Body, little = true) => parseMessage(message(body, 2, 7, {}, little))?.message.body;

describe("a D-Bus message", () => {
  test("with an array of structs of nothing ends: each value takes bytes", () => {
    const body = new Body("a()").u32(8).align(8).u32(0).u32(0);
    expect(() => parse(body)).toThrow(/struct of nothing/);
  });

  test("holds no value that is longer than itself, whatever stands behind it", () => {
    const long = message(new Body("au").u32(400), 2, 7, {}, true);
    expect(() => parseMessage(Buffer.concat([long, Buffer.alloc(500)]))).toThrow(/longer than its message/);
    const text = message(new Body("s").u32(400), 2, 7, {}, true);
    expect(() => parseMessage(Buffer.concat([text, Buffer.alloc(500)]))).toThrow(/longer than its message/);
  });

  test("that is nested without end is refused", () => {
    const body = new Body("v");
    for (let depth = 0; depth < 200; depth += 1) body.sig("v");
    expect(() => parse(body)).toThrow(/too deep/);
  });

  test.each([true, false])("gives a date of 64 bits, little-endian: %s", (little) => {
    const [high, low] = [3, 5];
    const body = new Body("t", little);
    for (const half of little ? [low, high] : [high, low]) body.u32(half);
    expect(parse(body, little)).toEqual([3 * 2 ** 32 + 5]);
  });

  test(`${MESSAGES} broken ones (seed ${SEED}) end, in time and with nothing but an Error`, {
    timeout: 10_000 + MESSAGES,
  }, () => {
    const random = randomNumbers(SEED);
    const below = (limit: number) => Math.floor(random() * limit);
    const alphabet = "aaa((()))bsouygtv{}xid";
    const outcomes = { message: 0, more: 0, refused: 0 };
    for (let count = 0; count < MESSAGES; count += 1) {
      const little = random() < 0.5;
      const length = below(12);
      const signature = Array.from({ length }, () => alphabet[below(alphabet.length)]).join("");
      const body = new Body(signature, little);
      for (let rest = below(24); rest > 0; rest -= 1) {
        if (random() < 0.5) body.u32(random() < 0.8 ? below(64) : below(2 ** 32));
        else body.sig(alphabet.slice(below(9), 9 + below(9)));
      }
      const bytes = message(body, below(5), below(99), random() < 0.3 ? { 4: "an.Error" } : {}, little);
      for (let flips = below(4); flips > 0; flips -= 1) bytes[below(bytes.length)] = below(256);
      const started = performance.now();
      try {
        outcomes[parseMessage(bytes) === undefined ? "more" : "message"] += 1;
      } catch (error) {
        outcomes.refused += 1;
        expect(error).toBeInstanceOf(Error);
      }
      const took = performance.now() - started;
      if (took > 1_000) throw new Error(`message ${count} took ${took} ms`);
    }
    expect(Math.min(outcomes.message, outcomes.refused)).toBeGreaterThan(MESSAGES / 100);
  });
});
