import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TokenSet } from "../../src/token/token-set.js";
import type { Sandbox } from "./command.js";

/** The one file in which a sandbox keeps the tokens of its profile. */
export class TokenFile {
  readonly #folder: string;

  constructor(sandbox: Sandbox) {
    this.#folder = join(sandbox.home, "data", "oidc-token", "tokens");
  }

  get path(): string {
    const names = this.names.filter((name) => name.endsWith(".json"));
    if (names.length !== 1) throw new Error(`expected one token file, found: ${names.join(", ") || "none"}`);
    return join(this.#folder, names[0] ?? "");
  }

  /** Everything in the folder, temporary files as well. */
  get names(): string[] {
    return readdirSync(this.#folder);
  }

  /** The account, as the lock of this profile is named after it. */
  get account(): string {
    return decodeURIComponent(this.path.slice(this.#folder.length + 1, -".json".length));
  }

  /** Byte for byte. */
  get text(): string {
    return readFileSync(this.path, "utf8");
  }

  set text(text: string) {
    writeFileSync(this.path, text, { mode: 0o600 });
  }

  get tokens(): TokenSet {
    return JSON.parse(this.text);
  }

  /** Changes fields of the record; undefined takes one out. */
  change(fields: { readonly [Field in keyof TokenSet]?: TokenSet[Field] | undefined }): void {
    this.text = JSON.stringify({ ...this.tokens, ...fields });
  }

  /** The token is over: nothing but a refresh helps. */
  expire(): void {
    const now = Date.now() / 1000;
    this.change({ obtained_at: now - 3600, expires_at: now - 1 });
  }

  /** The token still works for the default of `--min-validity`, and a refresh is due. */
  makeRefreshDue(): void {
    const now = Date.now() / 1000;
    this.change({ obtained_at: now - 3400, expires_at: now + 200 });
  }
}
