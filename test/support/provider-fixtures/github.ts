import { authenticatesBy, type Fixture } from "./fixture.js";

export const github: Fixture = {
  preset: "github",
  sources: [
    "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow",
    "https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors",
    "https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens",
  ],
  issuer_path: "",
  profile: { client_id: "Iv1.8a61f9b3a7aba766", client_secret: "github-fixture-secret" },
  paths: {
    authorize: "/login/oauth/authorize",
    token: "/login/oauth/access_token",
    device: "/login/device/code",
  },
  device: () => ({
    body: {
      device_code: "3584d83530557fdd1f46af8289938c8ef79f9dc5",
      user_code: "WDJB-MJHT",
      verification_uri: "https://github.com/login/device",
      expires_in: 900,
      interval: 5,
    },
  }),
  pending: {
    body: {
      error: "authorization_pending",
      error_description: "The authorization request is still pending.",
      error_uri:
        "https://developer.github.com/apps/building-oauth-apps/authorizing-oauth-apps/#error-codes-for-the-device-flow",
    },
  },
  insist: (seen) => {
    // Without this header the answers are forms.
    if (!seen.headers.accept?.includes("application/json")) return { status: 406, body: {} };
    if (authenticatesBy(seen, "client_secret_post")) return undefined;
    return {
      body: {
        error: "incorrect_client_credentials",
        error_description: "The client_id and/or client_secret passed are incorrect.",
      },
    };
  },
  tokens: ({ access_token, refresh_token }) => ({
    body: {
      access_token,
      expires_in: 28800,
      refresh_token,
      refresh_token_expires_in: 15897600,
      scope: "",
      token_type: "bearer",
    },
  }),
  refreshed: ({ access_token, refresh_token }) => ({
    body: {
      access_token,
      expires_in: 28800,
      refresh_token,
      refresh_token_expires_in: 15811200,
      scope: "",
      token_type: "bearer",
    },
  }),
  declined: {
    body: { error: "access_denied", error_description: "The authorization request was denied." },
  },
  declined_exit: 7,
  ended: {
    body: {
      error: "bad_refresh_token",
      error_description: "The refresh token passed is incorrect or expired.",
    },
  },
};
