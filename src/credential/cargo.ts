import { given } from "../given.js";
import { addressesIn, requestIn, textOf } from "./address.js";
import type { Protocol } from "./protocol.js";

const line = (value: object): string => `${JSON.stringify(value)}\n`;

/** Cargo's credential provider protocol (doc.rust-lang.org/cargo/reference/credential-provider-protocol.html). */
export const cargo: Protocol = {
  reads: "lines",
  greeting: line({ v: [1] }),
  failure: (message) => line({ Err: { kind: "other", message, "caused-by": [] } }),
  ask(_words, text) {
    const { kind, registry, args } = requestIn(text);
    if (kind !== "get") {
      return { wants: "nothing", reply: { text: line({ Err: { kind: "operation-not-supported" } }) } };
    }
    const url = textOf((registry as Record<string, unknown> | null | undefined)?.["index-url"]);
    return {
      wants: "token",
      urls: addressesIn(url.replace(/^sparse\+/, "")),
      ...given({ profile: profileIn(args) }),
      none: { text: line({ Err: { kind: "url-not-supported" } }) },
      given({ value, expires_at }) {
        const keep =
          expires_at === undefined
            ? { cache: "session" }
            : { cache: "expires", expiration: Math.floor(expires_at) };
        // The whole of the header's value: cargo puts nothing before it.
        return line({ Ok: { kind: "get", token: value, ...keep, operation_independent: true } });
      },
    };
  },
};

/** What stands after the program in Cargo's configuration comes in the request, not as arguments. */
function profileIn(args: unknown): string | undefined {
  const words: readonly unknown[] = Array.isArray(args) ? args : [];
  const at = words.findIndex((word) => word === "--profile" || word === "-p");
  const joined = words.find((word) => textOf(word).startsWith("--profile="));
  return (at < 0 ? textOf(joined).slice("--profile=".length) : textOf(words[at + 1])) || undefined;
}
