import { rfc3339 } from "../formats/rfc3339.js";
import { given } from "../given.js";
import { addressesIn, objectIn, textOf } from "./address.js";
import { NOTHING, type Protocol } from "./protocol.js";

/** Bazel's credential helper protocol (github.com/EngFlow/credential-helper-spec). */
export const bazel: Protocol = {
  reads: "all",
  ask([action], text) {
    if (action !== "get") return NOTHING;
    return {
      wants: "token",
      urls: addressesIn(textOf(objectIn(text).uri)),
      none: { text: "{}\n" },
      given: ({ header, value, expires_at }) =>
        `${JSON.stringify({ headers: { [header]: [value] }, ...given({ expires: rfc3339(expires_at) }) })}\n`,
    };
  },
};
