import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Exchange } from "./provider.js";

/** Secrets by what they are, so that a leak is named without being shown again. */
export type Canaries = ReadonlyMap<string, string>;

const SECRET_PARAMETERS = [
  "code",
  "code_verifier",
  "device_code",
  "refresh_token",
  "access_token",
  "id_token",
  "client_secret",
] as const;

/** Every secret that went to or came from the provider, by its own record. */
export function secretsIn(exchanges: readonly Exchange[]): Canaries {
  const secrets = new Map<string, string>();
  for (const { asked, answered } of exchanges) {
    for (const name of SECRET_PARAMETERS) {
      for (const value of [asked[name], answered[name]]) {
        if (typeof value === "string" && value !== "") secrets.set(value, name);
      }
    }
  }
  return new Map([...secrets].map(([value, name], index) => [`${name} ${index}`, value]));
}

/** The names of the secrets found in a text: as they are, in a URL, in a form, in Base64. */
export function leaksIn(text: string, canaries: Canaries): string[] {
  return [...canaries].flatMap(([name, value]) => {
    const forms = [
      value,
      encodeURIComponent(value),
      Buffer.from(value).toString("base64").replace(/=+$/, ""),
    ];
    return forms.some((form) => text.includes(form)) ? [name] : [];
  });
}

/** Every file below a folder, with its text, save those in the folders named. */
export function* filesBelow(
  folder: string,
  except: readonly string[],
): Generator<[path: string, text: string]> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (except.includes(path)) continue;
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory()) yield* filesBelow(path, except);
    else if (stats?.isFile()) yield [path, readFileSync(path, "latin1")];
  }
}

/**
 * Looks at the process listing as any user of the machine can, every few milliseconds, until it is told to stop: the
 * command lines of all processes, and the environments of the children of `parent`'s children.
 */
export function watchProcesses(parent: number): { stop(): string } {
  const seen = new Set<string>();
  const look = (): void => {
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid) || pid === String(parent)) continue;
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, "latin1"));
        const [, ancestor = ""] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
        if (isChildOf(ancestor, parent)) seen.add(readFileSync(`/proc/${pid}/environ`, "latin1"));
      } catch {
        // It has just ended.
      }
    }
  };
  const timer = setInterval(look, 15);
  return {
    stop() {
      look();
      clearInterval(timer);
      return [...seen].join("\n");
    },
  };
}

function isChildOf(pid: string, parent: number): boolean {
  const [, ancestor] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
  return ancestor === String(parent);
}
