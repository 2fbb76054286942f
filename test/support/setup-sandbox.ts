import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Sandbox } from "./command.js";

/** A configuration as a person writes it, with comments that `setup` must leave alone. */
export const CONFIG = `{
  // mine
  "profiles": {
    "corp": {
      "issuer": "https://id.example",
      "client_id": "cli",
      "flow": "device_code",
      "scope": "openid",
      "base_url": "https://gateway.example/v1", // ours
    },
    "keyed": { "flow": "static_key", "key": "{env:KEY}", "header": "x-api-key" },
  },
  "default_profile": "corp",
}
`;

/** A home with that configuration, and with other tools' files. */
export class SetupSandbox extends Sandbox {
  readonly config = this.configure(CONFIG);

  at(path: string): string {
    return join(this.home, path);
  }

  /** Writes a file of the home and answers its path. */
  file(path: string, text: string, mode = 0o644): string {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
    chmodSync(this.at(path), mode);
    return this.at(path);
  }
}
