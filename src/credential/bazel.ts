import { OidcTokenError } from "../errors.js";
import { rfc3339 } from "../formats/rfc3339.js";
import { given } from "../given.js";
import { addressesIn, requestIn, textOf } from "./address.js";
import type { Protocol } from "./protocol.js";

/** Bazel's credential helper protocol (github.com/EngFlow/credential-helper-spec). */
export const bazel: Protocol = {
  reads: "all",
  ask([action], text) {
    if (action !== "get") {
      const sentence = "the one command of a credential helper is get";
      throw new OidcTokenError("usage", sentence, "let the tool itself run this command");
    }
    return {
      wants: "token",
      // gRPC over TLS is HTTP/2 over TLS.
      urls: addressesIn(textOf(requestIn(text).uri).replace(/^grpcs:/i, "https:")),
      none: { text: "{}\n" },
      given: ({ header, value, expires_at }) =>
        `${JSON.stringify({ headers: { [header]: [value] }, ...given({ expires: rfc3339(expires_at) }) })}\n`,
    };
  },
};
