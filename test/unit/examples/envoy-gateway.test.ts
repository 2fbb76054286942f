import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { RESOURCE_SCHEMA } from "../../support/envoy-gateway-schema.js";

const example = readFileSync(
  new URL("../../../examples/gateway/envoy-gateway.yaml", import.meta.url),
  "utf8",
);
const validate = new Ajv({
  strict: true,
  strictRequired: false,
  allErrors: true,
  discriminator: true,
}).compile(RESOURCE_SCHEMA);

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the first test checks
  readonly spec: any;
}

function resources(text = example): Resource[] {
  return parseAllDocuments(text).map((document) => document.toJS({ maxAliasCount: 0 }));
}

function complaints(text = example): string[] {
  return resources(text).flatMap((resource) =>
    validate(resource)
      ? []
      : (validate.errors ?? []).map(
          ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
        ),
  );
}

describe("examples/gateway/envoy-gateway.yaml", () => {
  const policies = resources().filter(({ kind }) => kind === "SecurityPolicy");
  const routes = resources().filter(({ kind }) => kind === "HTTPRoute");

  it("holds against the API reference, field by field", () => {
    expect(resources().length).toBe(6);
    expect(complaints()).toEqual([]);
  });

  it("has a policy for every route, and a route for every policy", () => {
    const targets = policies.map(({ spec }) => spec.targetRefs[0].name);
    expect(targets).toEqual(routes.map(({ metadata }) => metadata.name));
    expect(new Set(targets).size).toBe(3);
  });

  it("takes the token as a bearer and, beside it, as x-api-key, from one provider", () => {
    const [bearer, apiKey] = policies.map(({ spec }) => spec.jwt?.providers[0]);
    expect(bearer.extractFrom).toEqual({ headers: [{ name: "Authorization", valuePrefix: "Bearer " }] });
    expect(apiKey).toEqual({ ...bearer, extractFrom: { headers: [{ name: "x-api-key" }] } });
  });

  it("denies what has not the scope, by the provider of the same policy", () => {
    for (const { spec } of policies.filter(({ spec }) => spec.jwt)) {
      expect(spec.authorization.defaultAction).toBe("Deny");
      expect(spec.authorization.rules).toMatchObject([
        {
          action: "Allow",
          principal: { jwt: { provider: spec.jwt.providers[0].name, scopes: ["inference"] } },
        },
      ]);
    }
  });

  it("lets neither token nor key reach the API", () => {
    for (const { spec } of routes) {
      expect(spec.rules[0].filters[0].requestHeaderModifier.remove).toEqual(["Authorization", "x-api-key"]);
    }
  });
});

describe("the check of Envoy Gateway resources is strict", () => {
  it.each([
    ["a misspelt field", "claimToHeaders:", "claimsToHeaders:", "additionalProperty"],
    ["a field of Envoy's own", "remoteJWKS:", "remote_jwks:", "additionalProperty"],
    ["another kind", "kind: SecurityPolicy", "kind: SecurityPolicies", "kind"],
    ["another version", "gateway.envoyproxy.io/v1alpha1\n", "gateway.envoyproxy.io/v1\n", "apiVersion"],
    ["a text for a list", "scopes: [inference]", "scopes: inference", "must be array"],
    ["an unknown action", "defaultAction: Deny", "defaultAction: Refuse", "must be equal to one of"],
    ["no key set", "remoteJWKS:\n", "x:\n", "remoteJWKS"],
    ["a key set over plain http", "uri: https://login", "uri: http://login", "must match pattern"],
    ["two places for one key", "- headers: [x-api-key]", "- { headers: [k], params: [k] }", "more than 1"],
    ["a port as a text", "port: 8000", 'port: "8000"', "must be integer"],
  ])("%s", (_case, from, to, said) => {
    expect(example).toContain(from);
    expect(complaints(example.replace(from, to)).join("\n")).toContain(said);
  });
});
