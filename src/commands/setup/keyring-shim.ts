import { dirname } from "node:path";
import type { Asked, Shim } from "./tool.js";

/** A `keyring` in a folder of its own: it answers for the profiles' hosts and hands all else on to the next one on PATH. */
export function keyringShim(asked: Asked): Shim & { readonly folder: string } {
  const words = ["credential", "keyring"];
  const script = `${asked.line(...words)} "$@" && exit 0
own=$(dirname -- "$0")
IFS=:
for folder in $PATH; do
  [ "$folder" != "$own" ] && [ -x "$folder/keyring" ] && exec "$folder/keyring" "$@"
done
exit 1`;
  const shim = asked.shim("keyring/keyring", words, script);
  return { ...shim, folder: dirname(shim.path) };
}
