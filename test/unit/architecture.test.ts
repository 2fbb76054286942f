import { isBuiltin } from "node:module";
import { type BuildOptions, build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { dependencies, scripts } from "../../package.json";
import { type Import, ROOT, sourceFiles } from "../support/source-imports.js";

const files = sourceFiles();
const imports = files.flatMap((file) => file.imports);
const inProject = imports.filter(({ to }) => to.endsWith(".ts"));
const packages = imports.filter(({ to }) => !to.endsWith(".ts") && !/^node:|^package\.json$/.test(to));
const show = ({ from, to, type_only }: Import): string => `${from} → ${to}${type_only ? " (types)" : ""}`;

/** The folder below src/, or the file that lies in none. */
const partOf = (path: string): string => (path.includes("/") ? path.slice(0, path.indexOf("/")) : path);

/**
 * What a part may import of others (DESIGN §6), at run time and as types only. Data goes one way: arguments →
 * Profile → token service → store or provider → format → stdout.
 */
const ARROWS: Record<string, { readonly run?: readonly string[]; readonly types?: readonly string[] }> = {
  "errors.ts": {},
  "redact.ts": {},
  "log.ts": {},
  "stdout.ts": { run: ["errors.ts"] },
  "paths.ts": {},
  builtins: {},
  token: { run: ["errors.ts"], types: ["config/profile.ts"] },
  formats: { types: ["token"] },
  providers: { types: ["config/profile.ts"] },
  config: { run: ["errors.ts", "providers", "package.json"], types: ["context.ts", "formats/output.ts"] },
  store: { run: ["errors.ts"], types: ["config/profile.ts", "context.ts"] },
  oidc: {
    run: ["errors.ts", "redact.ts", "providers", "token/jwt.ts", "package.json"],
    types: ["config/profile.ts", "context.ts", "token"],
  },
  "context.ts": {
    run: ["log.ts", "paths.ts", "redact.ts", "store", "oidc/grants.ts", "oidc/transport.ts"],
    types: ["config/profile.ts", "token"],
  },
  commands: {
    run: ["errors.ts", "log.ts", "paths.ts", "stdout.ts", "config", "providers", "token", "formats"],
    types: ["context.ts", "store/store.ts", "store/token-store.ts"],
  },
  // What the command prints, and nothing of how.
  opencode: { types: ["commands"] },
  "cli.ts": {
    run: [
      "errors.ts",
      "log.ts",
      "stdout.ts",
      "context.ts",
      "commands",
      "formats",
      "providers",
      "config/profile.ts",
      "package.json",
    ],
  },
  "main.ts": { run: ["cli.ts", "commands/get-stored.ts"] },
};

/** Arrows of single files. */
const EXCEPTIONS = [
  // The hot path has no context: making one takes longer than all it does.
  "commands/get-stored.ts → store/open.ts",
  // The one place that ends the process must know how to when a native call hangs.
  "cli.ts → store/end-process.ts",
  "cli.ts → store/native-call.ts",
];

/** The parts that may know a package, so that it can be replaced there. */
const OWNERS: Record<string, readonly string[]> = {
  "openid-client": ["oidc"],
  undici: ["oidc"],
  commander: ["cli.ts"],
  valibot: ["config", "commands"],
  "@valibot/to-json-schema": ["config"],
  "jsonc-parser": ["config"],
  "@noble/hashes": ["config"],
  "fastest-levenshtein": ["config"],
  "env-paths": ["paths.ts"],
  open: ["context.ts"],
  "@clack/prompts": ["commands"],
  "yocto-spinner": ["commands"],
  kleur: ["commands", "cli.ts"],
  uqr: ["commands"],
  "@napi-rs/keyring": ["store"],
};

describe("an import", () => {
  it("leads to a file that is there", () => {
    const there = new Set(files.map(({ path }) => path));
    expect(inProject.filter(({ to }) => !there.has(to)).map(show)).toEqual([]);
    expect(inProject.length).toBeGreaterThan(100);
  });

  it("goes the one way that data goes", () => {
    const covers = (to: string) => (allowed: string) => allowed === to || allowed === partOf(to);
    const wrong = imports.filter(({ from, to, type_only }) => {
      const own = partOf(from);
      if (!to.endsWith(".ts") && to !== "package.json") return false;
      if (partOf(to) === own && to.includes("/")) return false;
      const { run = [], types = [] } = ARROWS[own] ?? {};
      return !run.some(covers(to)) && !(type_only && types.some(covers(to)));
    });
    expect(wrong.map(show).filter((arrow) => !EXCEPTIONS.includes(arrow))).toEqual([]);
  });

  it("has a part whose arrows are known", () => {
    expect([...new Set(files.map(({ path }) => partOf(path)))].filter((part) => !(part in ARROWS))).toEqual(
      [],
    );
  });

  it("never closes a circle at run time", () => {
    const next = new Map(files.map(({ path }) => [path, [] as string[]]));
    for (const { from, to, type_only } of inProject) if (!type_only) next.get(from)?.push(to);
    expect(circles(next)).toEqual([]);
  });

  it("of a package is made where the package belongs", () => {
    const wrong = packages.filter(({ from, to }) => !OWNERS[to]?.includes(partOf(from)));
    expect(wrong.map(show)).toEqual([]);
  });

  it("of a package names one that is installed with this one", () => {
    expect(packages.filter(({ to }) => !(to in dependencies)).map(show)).toEqual([]);
  });

  it("of Node is made by no part that only computes", () => {
    const pure = imports.filter(({ from }) => /^(?:token|formats|providers)\/|^errors\.ts$/.test(from));
    expect(pure.filter(({ to }) => to.startsWith("node:")).map(show)).toEqual([]);
  });

  it("in the OpenCode plugin is of Node built-ins only", () => {
    const foreign = imports.filter(
      ({ from, to, type_only }) =>
        !type_only && from.startsWith("opencode/") && !/^node:|^opencode\//.test(to),
    );
    expect(foreign.map(show)).toEqual([]);
  });
});

it("no dependency is installed that nothing uses", () => {
  const used = new Set(imports.map(({ to }) => to));
  // Loaded by require, which costs a tenth of an import.
  used.add("@napi-rs/keyring");
  expect(Object.keys(dependencies).filter((name) => !used.has(name))).toEqual([]);
});

describe("a file", () => {
  /** Longer ones; each may shrink and none may grow. */
  const LONGER: Record<string, number> = {
    // One table, a row a key.
    "config/profile-schema.ts": 233,
    // Still to be parted.
    "opencode/plugin.ts": 250,
  };

  it("has at most 220 lines: a longer one would have more than one job", () => {
    const long = files.filter(({ path, lines }) => lines > (LONGER[path] ?? 220));
    expect(long.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });
});

describe("the hot path", () => {
  /** Bytes; a fifth more than it had when this was written. */
  const BUDGET = 34_000;
  /** What Node itself has loaded by the time it runs anything, and `node:os`, which env-paths needs. */
  const BUILT_INS = ["node:fs", "node:os", "node:path"];
  const PACKAGES = ["env-paths", "is-safe-filename"];

  let size: number;
  /** What runs before the first line of `main`, and what `import()` would bring in later. */
  let at_load: readonly string[];
  beforeAll(async () => {
    const { metafile, outputFiles } = await build({
      ...optionsOf(scripts["build:hot"]),
      absWorkingDir: ROOT,
      metafile: true,
      write: false,
    });
    size = outputFiles?.[0]?.contents.length ?? 0;
    const reached = new Set<string>(["src/main.ts"]);
    for (const path of reached) {
      for (const { path: to, kind } of metafile?.inputs[path]?.imports ?? []) {
        if (kind !== "dynamic-import") reached.add(to);
      }
    }
    at_load = [...reached].map((path) => (isBuiltin(path) ? path.replace(/^(?!node:)/, "node:") : path));
  });

  it("is the whole way from the arguments to a stored token", () => {
    expect(at_load).toEqual(
      expect.arrayContaining(["src/commands/get-stored.ts", "src/store/file.ts", "src/formats/output.ts"]),
    );
  });

  it("loads no part of Node that costs milliseconds, such as crypto, net, child_process or util", () => {
    const built_ins = at_load.filter((path) => path.startsWith("node:"));
    expect(built_ins.filter((path) => !BUILT_INS.includes(path))).toEqual([]);
  });

  it("loads no package but the one that knows the user's folders", () => {
    const names = at_load
      .filter((path) => path.includes("node_modules/"))
      .map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path);
    expect(names.filter((name) => !PACKAGES.includes(name))).toEqual([]);
  });

  it("leaves nothing to be found at run time but Node itself", () => {
    const outside = at_load.filter(
      (path) => !/^node:|^src\/|(?:^|\/)node_modules\/|^package\.json$/.test(path),
    );
    expect(outside).toEqual([]);
  });

  it("knows nothing of the provider, of the flows or of the rest of the commands", () => {
    const foreign = at_load.filter((path) =>
      /^src\/(?:oidc|providers|opencode|cli|context|commands\/(?!get-stored))/.test(path),
    );
    expect(foreign).toEqual([]);
  });

  it(`takes at most ${BUDGET} bytes`, () => {
    expect(size).toBeGreaterThan(5_000);
    expect(size).toBeLessThanOrEqual(BUDGET);
  });
});

/** Every circle there is, each once, as a path that ends where it began. */
function circles(next: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(" → "));
    if (way.includes(path) || done.has(path)) return;
    for (const to of next.get(path) ?? []) walk(to, [...way, path]);
    done.add(path);
  };
  for (const path of next.keys()) walk(path, []);
  return found;
}

/** The build that an esbuild command line in package.json stands for. */
function optionsOf(script: string): BuildOptions {
  const options: Record<string, unknown> = {};
  for (const word of script.split(" ").slice(1)) {
    const [, flag = "", name, value] = /^--([a-z-]+)(?::([^=]+))?(?:=(.+))?$/.exec(word) ?? [];
    const key = flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (flag === "") options.entryPoints = [word];
    else if (name !== undefined && value !== undefined)
      options[key] = { ...(options[key] as object), [name]: value };
    else if (name !== undefined) options[key] = [...((options[key] as string[]) ?? []), name];
    else options[key] = flag === "main-fields" ? value?.split(",") : (value ?? true);
  }
  return options;
}
