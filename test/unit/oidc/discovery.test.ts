import { describe, expect, it } from "vitest";
import { completeDocument } from "../../../src/oidc/discovery.js";
import { testProfile } from "../../support/grants.js";

describe("the endpoints for clients with a certificate", () => {
  const issuer = new URL("https://idcs-1.identity.oraclecloud.com");
  const complete = (aliases: object, values: object = {}) => {
    const document: Record<string, unknown> = { issuer: issuer.href, mtls_endpoint_aliases: aliases };
    completeDocument(document, issuer, testProfile({ preset: "oci", issuer: issuer.origin, ...values }));
    return document.mtls_endpoint_aliases;
  };

  it("keep to the issuer's host where the document may name another issuer", () => {
    const here = { token_endpoint: "https://idcs-1.identity.oraclecloud.com/mtls/token" };
    expect(complete(here)).toEqual(here);
    expect(() => complete({ token_endpoint: "https://elsewhere.example/token" })).toThrow("on another host");
  });

  it("do not go before an address that the profile names", () => {
    const endpoints = { token_endpoint: "https://mtls.example/token" };
    expect(complete({ token_endpoint: "https://elsewhere.example/token" }, { endpoints })).toEqual({});
  });
});
