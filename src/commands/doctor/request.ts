import type { Profile } from "../../profile.js";
import { presetOf } from "../../providers/index.js";

/** Where the browser comes back to, as the provider must know it. */
export function redirectOf({ redirect_uri }: Profile): string {
  return redirect_uri ?? "http://127.0.0.1/callback";
}

/** What to have registered, in lines that can be sent as they are to whoever runs the provider. */
export function request(profile: Profile): string {
  const { client_id, client_secret, private_key, flow, scope } = profile;
  const grants = flow.map((each) =>
    each === "device_code" ? "urn:ietf:params:oauth:grant-type:device_code (RFC 8628)" : each,
  );
  const proof = private_key
    ? "private_key_jwt"
    : (profile.client_auth ?? (client_secret ? "a secret" : "none (public)"));
  const lines: (readonly [string, string | undefined])[] = [
    ["Client id", client_id],
    ["Kind", "native application (RFC 8252)"],
    ["Proof", proof],
    ["Grants", [...grants, "refresh_token"].join(", ")],
    [
      "Redirect",
      flow.includes("authorization_code")
        ? `${redirectOf(profile)}${profile.redirect_uri === undefined ? " (any port)" : ""}`
        : undefined,
    ],
    ["PKCE", flow.includes("authorization_code") ? "S256" : undefined],
    ["Scopes", scope],
  ];
  const asked = lines
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name.padEnd(10)}${value}`);
  const { name, setup } = presetOf(profile);
  return [
    `Please set up this OAuth client at ${profile.issuer ?? "the provider"}:`,
    ...asked,
    ...(name === "generic" ? [] : [`  ${setup}`]),
  ].join("\n");
}
