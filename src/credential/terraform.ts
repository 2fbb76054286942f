import { OidcTokenError } from "../errors.js";
import { addressOf } from "./address.js";
import { NOTHING, type Protocol } from "./protocol.js";

/** Terraform's credentials helper protocol (developer.hashicorp.com/terraform/internals/credentials-helpers). */
export const terraform: Protocol = {
  reads: "nothing",
  ask([action, host = ""]) {
    if (action === "store") {
      throw new OidcTokenError(
        "usage",
        `terraform login cannot put a token for ${host} here: oidc-token gets its own`,
        "run: oidc-token login; terraform is given a token from then on",
      );
    }
    if (action !== "get") return NOTHING;
    return {
      wants: "token",
      urls: addressOf("https", host, ""),
      none: { text: "{}\n" },
      given: ({ token }) => `${JSON.stringify({ token })}\n`,
    };
  },
};
