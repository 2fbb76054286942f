import * as v from "valibot";
import { ASSERTION_AUDIENCES, CLIENT_AUTHS } from "../../profile.js";
import { oneOf, pem, secret, text, token } from "./parts.js";

/** The keys of a profile that prove who asks: the client, and the tokens that a flow without a person trades in. */
export const proofEntries = {
  client_secret: v.exactOptional(
    v.pipe(
      secret(),
      v.description(
        "The client's secret: {env:NAME}, {file:~/path}, {keyring} (asked for once at login), or plainly. Leave it out for a public client.",
      ),
    ),
  ),
  client_auth: v.exactOptional(
    v.pipe(
      oneOf(CLIENT_AUTHS),
      v.description(
        "How the client authenticates at the token endpoint. Default: what the provider supports for a client_secret, private_key_jwt for a private_key, or none without either.",
      ),
    ),
  ),
  private_key: v.exactOptional(
    v.pipe(
      pem(),
      v.description(
        "The key that private_key_jwt signs with: {file:~/path} or {env:NAME}, in PEM (PKCS#8) or as a JWK.",
      ),
    ),
  ),
  private_key_id: v.exactOptional(
    v.pipe(
      text(),
      v.description("The `kid` of that key, where the provider asks for one and a JWK has none."),
    ),
  ),
  client_assertion_audience: v.exactOptional(
    v.pipe(
      oneOf(ASSERTION_AUDIENCES),
      v.description(
        'Whom a private_key_jwt assertion is addressed to. Default: "issuer", if no preset knows better.',
      ),
    ),
  ),
  client_cert: v.exactOptional(
    v.pipe(
      pem(),
      v.description(
        "The client certificate to show to the provider (mTLS), with its chain, in PEM: {file:~/path} or {env:NAME}.",
      ),
    ),
  ),
  client_key: v.exactOptional(
    v.pipe(pem(), v.description("The private key of client_cert, in PEM: {file:~/path} or {env:NAME}.")),
  ),
  subject_token: v.exactOptional(
    v.pipe(
      token(),
      v.description(
        "The token that token_exchange trades in (RFC 8693), asked for each time: {file:/path}, {env:NAME}, {command:program argument} or {github_actions:AUDIENCE}.",
      ),
    ),
  ),
  subject_token_type: v.exactOptional(
    v.pipe(text(), v.description("Its type. Default: urn:ietf:params:oauth:token-type:jwt.")),
  ),
  requested_token_type: v.exactOptional(
    v.pipe(
      text(),
      v.description("The type of token that token_exchange asks for, where the provider wants that said."),
    ),
  ),
  assertion: v.exactOptional(
    v.pipe(
      token(),
      v.description("The JWT that jwt_bearer trades in (RFC 7523), written as subject_token is."),
    ),
  ),
};
