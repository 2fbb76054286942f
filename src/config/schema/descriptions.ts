/** What editors show of each key of `endpoints`. */
export const ENDPOINT_TEXTS = {
  authorization_endpoint: "Where the browser signs in.",
  token_endpoint: "Where tokens are issued and refreshed.",
  device_authorization_endpoint: "Where a device sign-in begins (RFC 8628).",
  revocation_endpoint: "Where `logout` revokes (RFC 7009).",
  jwks_uri: "The provider's public keys.",
};

/** What editors show of each key of a profile. */
export const PROFILE_TEXTS = {
  preset:
    "What is known of the provider: its endpoints, its quirks, and defaults for what the profile does not say. Default: recognised from the issuer.",
  issuer:
    "The provider's issuer URL, exactly as in its metadata (a slash at the end counts). Endpoints are discovered from it.",
  flow: 'How a token is got: one flow, or a list of which the first that can work here is taken. Default: ["authorization_code", "device_code"] with an issuer (with a subject_token "token_exchange", with an assertion "jwt_bearer"), "static_key" with only a key.',
  client_id: "The client's id, as registered at the provider.",
  client_secret:
    "The client's secret: {env:NAME}, {file:~/path}, {keyring} (asked for once at login), or plainly. Leave it out for a public client.",
  client_auth:
    "How the client authenticates at the token endpoint. Default: what the provider supports for a client_secret, private_key_jwt for a private_key, or none without either.",
  private_key:
    "The key that private_key_jwt signs with: {file:~/path} or {env:NAME}, in PEM (PKCS#8) or as a JWK.",
  private_key_id: "The `kid` of that key, where the provider asks for one and a JWK has none.",
  client_assertion_audience:
    'Whom a private_key_jwt assertion is addressed to. Default: "issuer", if no preset knows better.',
  client_cert:
    "The client certificate to show to the provider (mTLS), with its chain, in PEM: {file:~/path} or {env:NAME}.",
  client_key: "The private key of client_cert, in PEM: {file:~/path} or {env:NAME}.",
  subject_token:
    "The token that token_exchange trades in (RFC 8693), asked for each time: {file:/path}, {env:NAME}, {command:program argument} or {github_actions:AUDIENCE}.",
  subject_token_type: "Its type. Default: urn:ietf:params:oauth:token-type:jwt.",
  requested_token_type: "The type of token that token_exchange asks for, where the provider wants that said.",
  assertion: "The JWT that jwt_bearer trades in (RFC 7523), written as subject_token is.",
  dpop: "Binds the refresh token of a sign-in to a key that is kept with it (DPoP, RFC 9449), so that nobody can use it without. The access token must stay a bearer token. Default: false.",
  redirect_uri:
    "Where the browser comes back to after signing in, exactly as registered: http on this machine, with a path. Without a port a free one is taken.",
  scope:
    "The scopes asked for, with spaces between. `offline_access` gets a refresh token at many providers.",
  audience: "The `audience` parameter, for providers that know it (Auth0, say).",
  resource: "The resource the token is for, one URI or a list (RFC 8707).",
  authorization_params: "Further parameters of the authorization and the device request.",
  token_params: "Further parameters of every request to the token endpoint.",
  endpoints: "Endpoints; each overrides what discovery says.",
  id_token: '"ignore" drops the ID token of a provider that issues a broken one. Default: "verify".',
  refresh_before:
    "Seconds before its expiry at which a token is refreshed, at most a quarter of its lifetime. Default: 300.",
  key: "The key of the static_key flow. Default: {keyring}, asked for once at login.",
  header: "The HTTP header that carries the token. Default: Authorization.",
  header_scheme: 'Put before the token in the header. Default: "Bearer" for Authorization, else nothing.',
  api: 'Whose API the service at base_url speaks, one or a list: which variables `exec --serve` sets. Default: "openai".',
  base_url: "The address of the service the token is for: the API's root, for OpenCode and `models`.",
  allowed_origins:
    "The origins (scheme, host, port) the token may be sent to. Default: the origin of base_url.",
  provider: "The provider's id in OpenCode. Default: the profile's name.",
  models: "The models behind base_url by id, for OpenCode: name, limit (tokens) and other metadata.",
  mcp: "Whether OpenCode's remote MCP servers at allowed_origins get the token as well. Default: false.",
  agent:
    'Whether the shells of a coding agent (those with OIDC_TOKEN_AGENT, as our OpenCode plugin marks them) get the token. Default: "refuse".',
  timeout: "Seconds one request to the provider may take. Default: 10.",
  ca_file:
    "A file with CA certificates in PEM, trusted in requests of this profile in addition to the runtime's own.",
  proxy:
    "The proxy for requests of this profile, but not to the hosts in NO_PROXY. Default: what HTTPS_PROXY and HTTP_PROXY say.",
};
