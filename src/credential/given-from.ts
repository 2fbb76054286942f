import { headerValue } from "../formats/header.js";
import type { HeaderRule } from "../formats/header-rule.js";
import { given } from "../given.js";
import type { TokenSet } from "../token/token-set.js";
import type { Given } from "./protocol.js";

/** What a tool is given of a token set. */
export function givenFrom(tokens: TokenSet, rule: HeaderRule): Given {
  return {
    token: tokens.access_token,
    header: rule.header,
    value: headerValue(tokens, rule),
    ...given({ expires_at: tokens.expires_at }),
  };
}
