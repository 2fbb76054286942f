import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Import {
  /** The importing file below src/, with forward slashes. */
  readonly from: string;
  /** What is imported: a file below src/, `node:` and a name, the name of a package, or `package.json`. */
  readonly to: string;
  /** Types vanish before anything runs. */
  readonly type_only: boolean;
}

export interface SourceFile {
  readonly path: string;
  readonly lines: number;
  readonly text: string;
  readonly imports: readonly Import[];
}

const STATEMENT = /^(?:import|export)\s(type\s)?(?:[^"'`;]*?\sfrom\s)?"([^"]+)";$/gm;
const CALL = /\bimport\("([^"]+)"\)/g;

/** Every file below src/ with what it imports, also by `import()`. */
export function sourceFiles(): readonly SourceFile[] {
  const src = join(ROOT, "src");
  return readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => path.split(sep).join("/"))
    .sort()
    .map((path) => {
      const text = readFileSync(join(src, path), "utf8");
      const imported = (specifier: string, type_only: boolean): Import => ({
        from: path,
        to: target(path, specifier),
        type_only,
      });
      return {
        path,
        lines: text.split("\n").length - 1,
        text,
        imports: [
          ...[...text.matchAll(STATEMENT)].map(([, type, to = ""]) => imported(to, type !== undefined)),
          ...[...text.matchAll(CALL)].map(([, to = ""]) => imported(to, false)),
        ],
      };
    });
}

function target(from: string, specifier: string): string {
  if (isBuiltin(specifier)) return specifier.replace(/^(?!node:)/, "node:");
  if (!specifier.startsWith(".")) return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  const path = posix.join(posix.dirname(from), specifier);
  return path.startsWith("../") ? posix.relative("..", path) : path.replace(/\.js$/, ".ts");
}
