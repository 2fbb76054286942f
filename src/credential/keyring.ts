import { addressesIn } from "./address.js";
import { type Protocol, USER } from "./protocol.js";

/** The command line of Python's `keyring`, as far as pip and uv use it. It keeps nothing for anybody else. */
export const keyring: Protocol = {
  reads: "nothing",
  ask(words) {
    const at = words.indexOf("--mode");
    const mode = words.find((word) => word.startsWith("--mode="))?.slice("--mode=".length) ?? words[at + 1];
    const wants_user = mode === "creds" && words.some((word) => word.startsWith("--mode"));
    const [action, service = ""] = words.filter(
      (word, index) => !word.startsWith("-") && (at < 0 || index !== at + 1),
    );
    const none = { text: "", failed: true };
    if (action !== "get") return { wants: "nothing", reply: none };
    return {
      wants: "token",
      urls: addressesIn(service),
      none,
      given: ({ token }) => (wants_user ? `${USER}\n${token}\n` : `${token}\n`),
    };
  },
};
