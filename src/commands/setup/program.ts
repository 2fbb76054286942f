import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import type { Context } from "../../context.js";
import { realOf } from "../../paths.js";
import type { Asked, Shim } from "./tool.js";

const UNQUOTED = /^[A-Za-z0-9_./:=@%+,-]+$/;

/** Words as a line for the system's shell. */
export function shellLine(words: readonly string[], platform: NodeJS.Platform): string {
  const quoted = (word: string): string => {
    if (platform === "win32") return /[\s"&|<>^]/.test(word) ? `"${word.replaceAll('"', '""')}"` : word;
    return UNQUOTED.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  };
  return words.map(quoted).join(" ");
}

/** A word in double quotes where there is a blank in it, for what takes a text apart by itself and knows no other quotes. */
export function doubleQuoted(word: string): string {
  return /\s/.test(word) ? `"${word.replaceAll("\\", "\\\\")}"` : word;
}

/**
 * The words that run this very program from anywhere, also where PATH has neither it nor its runtime, as in desktop
 * programs: two absolute paths, or the one of the executable that needs no runtime. A link to the runtime goes before
 * where it leads, since updates keep the link.
 */
export function ownProgram({ env }: Pick<Context, "env">, script = process.argv[1] ?? ""): string[] {
  const runtime = process.execPath;
  const name = runtime.slice(Math.max(runtime.lastIndexOf("/"), runtime.lastIndexOf("\\")) + 1);
  const link = (env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => resolve(folder, name))
    .find((candidate) => realOf(candidate) === realOf(runtime));
  return script === runtime ? [link ?? runtime] : [link ?? runtime, resolve(script)];
}

/** The folder of the clone that a program belongs to, if it is none that npm has installed: only a clone has the source. */
export function cloneOf(program: readonly string[]): string | undefined {
  const script = program.at(-1) ?? "";
  if (!existsSync(script)) return undefined;
  const folder = dirname(dirname(realpathSync(script)));
  return existsSync(join(folder, "src", "opencode")) ? folder : undefined;
}

/** Whether a shell would find a program of this name. */
export function isOnPath(name: string, { PATH = "" }: Context["env"], platform: NodeJS.Platform): boolean {
  const names = platform === "win32" ? [`${name}.exe`, `${name}.cmd`] : [name];
  const folders = PATH.split(delimiter).filter(Boolean);
  return folders.some((folder) => names.some((each) => existsSync(join(folder, each))));
}

/** How the tools' texts run this program; `options` (profile, configuration file) follow where they say something. */
export function callsOf(
  program: readonly string[],
  options: { readonly profile: readonly string[]; readonly config: readonly string[] },
  programs: string,
  platform: NodeJS.Platform,
): Pick<Asked, "command" | "line" | "shim" | "programs"> {
  const command = (...words: readonly string[]): readonly string[] => {
    // By the host, where one program serves every profile.
    const by_host = words[0] === "credential" && words[1] !== "git";
    return [...program, ...words, ...(by_host ? [] : options.profile), ...options.config];
  };
  const line = (...words: readonly string[]): string => shellLine(command(...words), platform);
  const shim = (name: string, words: readonly string[], script?: string): Shim => {
    const windows = platform === "win32";
    const path = join(programs, windows ? `${name}.cmd` : name);
    const text = windows
      ? `@${line(...words)} %*\r\n`
      : `#!/bin/sh\n# Written by \`oidc-token setup\`.\n${script ?? `exec ${line(...words)} "$@"`}\n`;
    return {
      path,
      edit: { path, format: "whole", executable: true, settings: [{ place: [], value: text }] },
    };
  };
  return { command, line, shim, programs };
}
