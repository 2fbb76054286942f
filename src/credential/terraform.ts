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
        `oidc-token keeps no token of another kind for ${host}`,
        "sign in with: oidc-token login",
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
