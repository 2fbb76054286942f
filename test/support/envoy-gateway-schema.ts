/**
 * What `kubectl apply` would accept of the resources in examples/gateway/envoy-gateway.yaml: the fields these use and
 * their siblings, by the API references of Envoy Gateway 1.9
 * (gateway.envoyproxy.io/docs/api/extension_types, SecurityPolicy) and Gateway API v1
 * (gateway-api.sigs.k8s.io/reference/spec, HTTPRoute). Anything else is refused.
 */
export const RESOURCE_SCHEMA = {
  type: "object",
  required: ["kind"],
  discriminator: { propertyName: "kind" },
  oneOf: [
    resource("SecurityPolicy", "gateway.envoyproxy.io/v1alpha1", securityPolicySpec()),
    resource("HTTPRoute", "gateway.networking.k8s.io/v1", httpRouteSpec()),
  ],
};

type Schema = Readonly<Record<string, unknown>>;

function resource(kind: string, apiVersion: string, spec: Schema): Schema {
  return object(
    {
      apiVersion: { type: "string", const: apiVersion },
      kind: { type: "string", const: kind },
      metadata: object({ name: name(), namespace: name() }, ["name"]),
      spec,
    },
    ["apiVersion", "kind", "metadata", "spec"],
  );
}

function securityPolicySpec(): Schema {
  const provider = object(
    {
      name: text(1, 253),
      issuer: text(0, 253),
      audiences: list(text(), { maxItems: 8 }),
      remoteJWKS: object(
        {
          uri: { ...text(1, 253), pattern: "^https://" },
          cacheDuration: duration(),
          failedRefetchDuration: duration(),
        },
        ["uri"],
      ),
      claimToHeaders: list(object({ claim: text(1), header: text(1) }, ["claim", "header"])),
      recomputeRoute: { type: "boolean" },
      extractFrom: object({
        headers: list(object({ name: text(1), valuePrefix: text() }, ["name"])),
        cookies: list(text(1)),
        params: list(text(1)),
      }),
    },
    // Without an audience a token for any other service would do, and the CRD lets that pass.
    ["name", "issuer", "audiences", "remoteJWKS"],
  );
  const principal = object(
    {
      jwt: object(
        {
          provider: text(1, 253),
          scopes: list(text(1, 253), { minItems: 1, maxItems: 16 }),
          claims: list(
            object(
              {
                name: text(1, 253),
                valueType: { type: "string", enum: ["String", "StringArray"] },
                values: list(text(), { minItems: 1, maxItems: 128 }),
              },
              ["name", "values"],
            ),
            { minItems: 1, maxItems: 16 },
          ),
        },
        ["provider"],
      ),
      clientCIDRs: list(text(1), { minItems: 1 }),
    },
    [],
  );
  const action = { type: "string", enum: ["Allow", "Deny"] };
  return object(
    {
      targetRefs: list(
        object(
          {
            group: { type: "string", const: "gateway.networking.k8s.io" },
            kind: { type: "string", enum: ["Gateway", "HTTPRoute", "GRPCRoute"] },
            name: name(),
            sectionName: name(),
          },
          ["group", "kind", "name"],
        ),
        { minItems: 1, maxItems: 16 },
      ),
      jwt: object(
        { optional: { type: "boolean" }, providers: list(provider, { minItems: 1, maxItems: 16 }) },
        ["providers"],
      ),
      authorization: object({
        defaultAction: action,
        rules: list(object({ name: text(1, 253), action, principal }, ["action", "principal"])),
      }),
      apiKeyAuth: object(
        {
          credentialRefs: list(
            object({ group: text(), kind: text(1, 63), name: name(), namespace: name() }, ["name"]),
          ),
          extractFrom: list(
            {
              ...object({
                headers: list(text(1), { minItems: 1 }),
                params: list(text(1), { minItems: 1 }),
                cookies: list(text(1), { minItems: 1 }),
              }),
              minProperties: 1,
              maxProperties: 1,
            },
            { minItems: 1 },
          ),
          forwardClientIDHeader: text(1),
          sanitize: { type: "boolean" },
        },
        ["credentialRefs", "extractFrom"],
      ),
    },
    ["targetRefs"],
  );
}

function httpRouteSpec(): Schema {
  const header = object({ name: text(1, 256), value: text(1, 4096) }, ["name", "value"]);
  const filter = {
    type: "object",
    required: ["type"],
    discriminator: { propertyName: "type" },
    oneOf: [
      object(
        {
          type: { type: "string", const: "RequestHeaderModifier" },
          requestHeaderModifier: object({
            set: list(header, { maxItems: 16 }),
            add: list(header, { maxItems: 16 }),
            remove: list(text(1), { maxItems: 16 }),
          }),
        },
        ["type", "requestHeaderModifier"],
      ),
      object(
        {
          type: { type: "string", const: "URLRewrite" },
          urlRewrite: object({
            hostname: name(),
            path: object(
              { type: { type: "string", const: "ReplacePrefixMatch" }, replacePrefixMatch: text(0, 1024) },
              ["type", "replacePrefixMatch"],
            ),
          }),
        },
        ["type", "urlRewrite"],
      ),
    ],
  };
  const path = object({
    type: { type: "string", enum: ["Exact", "PathPrefix", "RegularExpression"] },
    value: { ...text(1, 1024), pattern: "^/" },
  });
  return object(
    {
      parentRefs: list(object({ name: name(), namespace: name(), sectionName: name() }, ["name"]), {
        maxItems: 32,
      }),
      hostnames: list(name(), { maxItems: 16 }),
      rules: list(
        object({
          matches: list(object({ path }), { maxItems: 64 }),
          filters: list(filter, { maxItems: 16 }),
          timeouts: object({ request: duration(), backendRequest: duration() }),
          backendRefs: list(
            object(
              {
                name: name(),
                namespace: name(),
                port: { type: "integer", minimum: 1, maximum: 65_535 },
                weight: { type: "integer", minimum: 0, maximum: 1_000_000 },
              },
              ["name", "port"],
            ),
            { maxItems: 16 },
          ),
        }),
        { minItems: 1, maxItems: 16 },
      ),
    },
    ["rules"],
  );
}

function object(properties: Readonly<Record<string, unknown>>, required: readonly string[] = []): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}

function list(items: Schema, limits: { minItems?: number; maxItems?: number } = {}): Schema {
  return { type: "array", items, ...limits };
}

function text(minLength = 0, maxLength?: number): Schema {
  return { type: "string", minLength, ...(maxLength === undefined ? {} : { maxLength }) };
}

/** A name in Kubernetes (RFC 1123). */
function name(): Schema {
  return { type: "string", pattern: "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$" };
}

/** GEP-2257. */
function duration(): Schema {
  return { type: "string", pattern: "^([0-9]{1,5}(h|m|s|ms)){1,4}$" };
}
