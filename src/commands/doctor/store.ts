import { clientAccountOf } from "../../config/identity.js";
import type { Context } from "../../context.js";
import { attempt } from "../../errors.js";
import { quote } from "../../text.js";
import { type Check, failed, type Machine, own, pass, skip, warn } from "./check.js";

/** An account that nobody has: to ask for it is to ask whether the store answers. */
const NOBODY = "doctor";
/** Leftovers that are named. */
const MOST_NAMED = 5;

/** Which store keeps the tokens, and whether it answers. */
export const store: Check<Machine> = {
  name: "store",
  seconds: 15,
  async run({ context, config }) {
    const choice = config?.store ?? "auto";
    const ask = (which: typeof choice) =>
      context.tokenStore(which, { interactive: false, notice: () => {} }).get(NOBODY);
    try {
      await ask(choice);
    } catch (error) {
      return failed(error);
    }
    if (choice === "file") return pass("tokens are kept in a file that only you can read");
    if (choice === "keyring") return pass(await answering(context));
    try {
      await ask("keyring");
      return pass(await answering(context));
    } catch (error) {
      const { message, hint } = own(error);
      return warn(`${message}, so tokens are kept in a file that only you can read`, hint);
    }
  },
};

async function answering(context: Context): Promise<string> {
  const product = await context.keyringProduct();
  const keyring = context.platform === "linux" ? "the Secret Service" : product;
  const by = context.platform === "linux" && product !== undefined ? ` of ${product}` : "";
  return `tokens are kept in the keyring, ${keyring}${by}, which answers`;
}

/** What profiles that were renamed, changed or removed have left behind, in files and in the keyring. */
export const leftovers: Check<Machine> = {
  name: "leftovers",
  after: ["configuration"],
  seconds: 10,
  async run({ context, config }) {
    if (!config) return skip("not known without the configuration");
    const profiles = attempt(() => config.names.map((name) => config.profile(name)));
    if (!profiles) return skip("not known while a profile is wrong");
    const owners = profiles.flatMap((profile) => [profile.account, clientAccountOf(profile)]);
    let untold: string | undefined;
    let kept: readonly string[];
    try {
      kept = await context.storedAccounts((sentence) => {
        untold = sentence;
      });
    } catch (error) {
      return skip(`not known: ${own(error).message}`);
    }
    const gone = kept.flatMap((account) => {
      const [, owner = "", name = "", what] = /^((.+)-[0-9a-f]{32})(\.[a-z_]+)?$/.exec(account) ?? [];
      if (owner === "" || owners.includes(owner)) return [];
      return [what === undefined ? `the sign-in of ${quote(name)}` : "a client's secret"];
    });
    if (gone.length > 0)
      return warn(
        `of profiles that were changed or removed there is still kept: ${some(gone)}`,
        "oidc-token logout --all ends all there are; then sign in again where you need it",
      );
    if (untold !== undefined) return skip(`the keyring could not be asked: ${untold}`);
    return pass("all that is kept belongs to a profile");
  },
};

function some(things: readonly string[]): string {
  const different = [...new Set(things)];
  const more = different.length - MOST_NAMED;
  return different.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
