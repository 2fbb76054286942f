import { expect, it } from "vitest";
import { idTokenAsToken } from "../../../src/token/id-token.js";
import type { TokenSet } from "../../../src/token/token-set.js";

const tokens: TokenSet = {
  access_token: "access",
  token_type: "Bearer",
  obtained_at: 1_000_000,
  expires_at: 1_003_600,
  refresh_token: "refresh",
};
const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;

it("the ID token takes the place of the access token, with its own expiry", () => {
  const id_token = jwt({ exp: 1_000_300 });
  expect(idTokenAsToken({ ...tokens, id_token })).toEqual({
    ...tokens,
    access_token: id_token,
    id_token,
    expires_at: 1_000_300,
  });
});

it("an ID token whose expiry cannot be read does not borrow that of the access token", () => {
  expect(idTokenAsToken({ ...tokens, id_token: "opaque" })).not.toHaveProperty("expires_at");
});

it("without an ID token there is nothing to hand out, least of all the access token", () => {
  expect(idTokenAsToken(tokens)).toBeUndefined();
});
