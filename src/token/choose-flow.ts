import { type Flow, isUnattended, type UnattendedFlow } from "../profile.js";

/** The profile's flow that needs no person, if it has one. */
export function unattendedFlow(flow: readonly Flow[]): UnattendedFlow | undefined {
  return flow.find(isUnattended);
}

/**
 * The first flow of the profile that a person can sign in with here: without a browser that can be started and can reach
 * this machine's loopback `device_code` goes before `authorization_code`, which still works by opening the printed URL
 * elsewhere.
 */
export function signInFlow(flow: readonly Flow[], browser: boolean): Flow | undefined {
  const attended = flow.filter((candidate) => !isUnattended(candidate));
  if (!browser && attended.includes("device_code")) return "device_code";
  return attended[0];
}
