import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { complaints } from "../../support/envoy-config.js";

const BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap";
const FILTER = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
const example = readFileSync(new URL("../../../examples/gateway/envoy.yaml", import.meta.url), "utf8");

/** The example with one text in it changed; a text that is not there is a mistake of the test. */
function changed(from: string, to: string): unknown {
  if (!example.includes(from)) throw new Error(`the example does not contain ${from}`);
  return parse(example.replace(from, to));
}

interface Filter {
  readonly name: string;
  readonly typed_config: Record<string, never>;
}

/** The settings of an HTTP filter of the example. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is what the first test checks
function filter(name: string): any {
  const [{ filters }] = parse(example).static_resources.listeners[0].filter_chains;
  const all = filters[0].typed_config.http_filters as Filter[];
  return all.find((one) => one.name === name)?.typed_config;
}

describe("examples/gateway/envoy.yaml", () => {
  it("holds against Envoy's own definitions, field by field", () => {
    expect(complaints(BOOTSTRAP, parse(example))).toEqual([]);
  });

  it("asks for issuer, audience, expiry and a key set on both ways to send a token", () => {
    const { providers } = filter("envoy.filters.http.jwt_authn");
    expect(Object.keys(providers)).toEqual(["bearer", "x_api_key"]);
    const [bearer, apiKey] = Object.values(providers) as Record<string, unknown>[];
    expect(bearer).toMatchObject({
      issuer: "https://login.example.com",
      audiences: ["https://llm.example.com"],
      require_expiration: true,
      remote_jwks: { http_uri: { uri: expect.stringMatching(/^https:/), cluster: "identity_provider" } },
      from_headers: [{ name: "Authorization", value_prefix: "Bearer " }],
    });
    expect(apiKey).toEqual({ ...bearer, from_headers: [{ name: "x-api-key" }] });
  });

  it("leaves no path without a rule that requires a token", () => {
    const { rules, bypass_cors_preflight } = filter("envoy.filters.http.jwt_authn");
    expect(rules.at(-1)).toEqual({ match: { prefix: "/" }, requires: { provider_name: "bearer" } });
    expect(rules.every((rule: object) => "requires" in rule)).toBe(true);
    expect(bypass_cors_preflight).toBeUndefined();
  });

  it("checks the provider's certificate: by whom and for which host", () => {
    const cluster = parse(example).static_resources.clusters[0];
    const host = cluster.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.address;
    const { sni, common_tls_context } = cluster.transport_socket.typed_config;
    const { trusted_ca, match_typed_subject_alt_names } = common_tls_context.validation_context;
    expect(sni).toBe(host);
    expect(trusted_ca.filename).toMatch(/^\//);
    expect(match_typed_subject_alt_names).toEqual([{ san_type: "DNS", matcher: { exact: host } }]);
  });
});

describe("the check of Envoy configurations is strict", () => {
  const provider = "static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters[0]";

  it.each([
    ["a misspelt field", "claim_to_headers:", "claim_to_header:", "claim_to_header is no field of"],
    ["a field of the JSON spelling", "remote_jwks: &", "remoteJwks: &", "remoteJwks is no field of"],
    ["a misspelt filter", "jwt_authn.v3.JwtAuthentication", "jwt_authn.v3.JwtAuth", "names envoy.extensions"],
    [
      "a filter without its type",
      '"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
      "x: 1",
      "@type",
    ],
    ["a text for a number", "port_value: 8443", 'port_value: "8443"', "port_value must be a whole number"],
    ["a text for a truth", "require_expiration: true", 'require_expiration: "yes"', "must be true or false"],
    ["a number for a duration", "cache_duration: 600s", "cache_duration: 600", "must be a duration"],
    ["a text for a list", 'domains: ["*"]', 'domains: "*"', "domains must be a list"],
    ["a list for an object", "{ provider_name: x_api_key }", "[x_api_key]", "must be an object"],
    ["an unknown choice", "action: ALLOW", "action: PERMIT", "action must be one of ALLOW, DENY, LOG"],
    [
      "a key set that is missing",
      "remote_jwks: *key_set",
      "forward: false",
      "remote_jwks or local_jwks is missing",
    ],
    [
      "two of which only one may be",
      "remote_jwks: *key_set",
      "local_jwks: { filename: k }\n                          remote_jwks: *key_set",
      "excludes local_jwks",
    ],
  ])("%s", (_case, from, to, said) => {
    const found = complaints(BOOTSTRAP, changed(from, to));
    expect(found).not.toEqual([]);
    expect(found.join("\n")).toContain(said);
    expect(found.every((complaint) => complaint.startsWith("static_resources."))).toBe(true);
  });

  it("says where", () => {
    expect(complaints(BOOTSTRAP, changed("issuer: &issuer https", "isuer: &issuer https"))).toEqual([
      `${provider}.typed_config.providers.bearer.isuer is no field of ${FILTER.replace(/\w+$/, "JwtProvider")}`,
    ]);
  });
});
