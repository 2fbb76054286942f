import { randomUUID } from "node:crypto";
import { isAttended } from "../../profile.js";
import { unattendedFlow } from "../../token/choose-flow.js";
import { beginSignIn } from "./begin.js";
import { type Check, fail, failed, own, type Patient, pass, skip, warn } from "./check.js";
import { request } from "./request.js";

/**
 * Whether the provider knows the client and takes how it proves itself. A refresh with a token that never was is refused
 * in two ways: the client is wrong, or the token is. No session is touched.
 */
export const client: Check<Patient> = {
  name: "client",
  after: ["reach", "discovery"],
  seconds: 25,
  async run({ profile, access }) {
    if (!profile.flow.some(isAttended))
      return skip(unattendedFlow(profile.flow) ? "the token itself shows it, below" : "there is none");
    try {
      const outcome = await (await access.grants()).refresh(`oidc-token-doctor-${randomUUID()}`);
      if (outcome.outcome === "refreshed")
        return warn("the provider takes any refresh token, this made-up one too", "tell whoever runs it");
      return pass(`the provider accepts client ${profile.client_id ?? ""}`);
    } catch (error) {
      const { kind, message } = own(error);
      if (kind !== "refused") return failed(error);
      if (/does not let client|unsupported_grant_type/.test(message))
        return warn(
          `client ${profile.client_id ?? ""} may not refresh, so every expiry needs a sign-in`,
          "have the grant refresh_token allowed for this client",
        );
      if (/does not accept|wants to know the client/.test(message)) return failed(error, request(profile));
      // It was taken for who it is, or this would have been the complaint.
      return pass(`the provider knows client ${profile.client_id ?? ""}`);
    }
  },
};

/** Whether a device sign-in may begin: one is begun and left alone, and ends by itself. */
export const device: Check<Patient> = {
  name: "device flow",
  after: ["reach", "discovery", "client"],
  seconds: 25,
  async run(patient) {
    const { profile, server } = patient;
    if (!profile.flow.includes("device_code")) return skip("not in the profile's flow");
    if (
      server &&
      !(profile.endpoints.device_authorization_endpoint ?? server.endpoints.device_authorization_endpoint)
    )
      return skip("the provider has none");
    try {
      await beginSignIn(patient, "device_code");
      return pass("a sign-in with a code can begin");
    } catch (error) {
      const { message, hint, kind } = own(error);
      if (kind !== "refused") return fail(message, hint, kind);
      const mend = /scope|target/.test(message)
        ? hint
        : 'have the device grant allowed for this client, or take device_code out of "flow"';
      return profile.flow.length > 1 ? warn(message, mend) : fail(message, mend, kind, request(profile));
    }
  },
};
