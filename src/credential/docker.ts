import { addressesIn } from "./address.js";
import { NOTHING, type Protocol, USER } from "./protocol.js";

/**
 * The protocol of docker-credential-helpers (github.com/docker/docker-credential-helpers), which podman, skopeo and Helm
 * speak too. What it calls an error without this very text ends the whole command; with it the tool goes on anonymously.
 */
export const docker: Protocol = {
  reads: "all",
  ask([action], text) {
    const server = text.replace(/\r?\n$/, "");
    if (action === "list") return { wants: "nothing", reply: { text: "{}\n" } };
    if (action !== "get") return NOTHING;
    return {
      wants: "token",
      urls: addressesIn(server),
      none: { text: "credentials not found in native keychain\n", failed: true },
      given: ({ token }) => `${JSON.stringify({ ServerURL: server, Username: USER, Secret: token })}\n`,
    };
  },
};
