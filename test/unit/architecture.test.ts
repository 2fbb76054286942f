import { isBuiltin } from "node:module";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { hot, opencode, seldom } from "../../build.mjs";
import { dependencies, engines } from "../../package.json";
import lock from "../../package-lock.json" with { type: "json" };
import { type Import, sourceFiles } from "../support/source-imports.js";

const files = sourceFiles();
const imports = files.flatMap((file) => file.imports);
const inProject = imports.filter(({ to }) => to.endsWith(".ts"));
const packages = imports.filter(({ to }) => !to.endsWith(".ts") && !/^node:|^package\.json$/.test(to));
const show = ({ from, to, type_only }: Import): string => `${from} → ${to}${type_only ? " (types)" : ""}`;

/** The folder below src/, or the file that lies in none. */
const roomOf = (path: string): string => (path.includes("/") ? path.slice(0, path.indexOf("/")) : path);

/** Words and types that everything uses (DESIGN §6). */
const GROUND = [
  "errors.ts",
  "text.ts",
  "redact.ts",
  "log.ts",
  "paths.ts",
  "stdout.ts",
  "loopback.ts",
  "profile.ts",
  "arguments.ts",
  "given.ts",
  "duration.ts",
  "nearest.ts",
  "sha256.ts",
  "version.ts",
  "programs",
];

/** The parts of the ground that the plugin is built with. */
const OF_PLUGIN = ["files/log-file.ts", "log.ts", "paths.ts", "redact.ts", "text.ts", "programs"];

/**
 * What a room may import of others (DESIGN §6), at run time and as types only. Data goes one way: arguments → Profile →
 * session → token service → store or provider → format → stdout.
 */
const ROOMS: Record<string, { readonly run?: readonly string[]; readonly types?: readonly string[] }> = {
  ...Object.fromEntries(GROUND.map((file) => [file, { run: GROUND }])),
  "context.ts": { types: [...GROUND, "store", "token"] },
  token: { run: GROUND },
  formats: { run: GROUND, types: ["token"] },
  credential: { run: [...GROUND, "formats"], types: ["token"] },
  serve: { run: [...GROUND, "http", "session", "token"], types: ["context.ts"] },
  providers: { run: GROUND },
  files: { run: GROUND },
  config: { run: [...GROUND, "files", "providers"], types: ["context.ts"] },
  store: { run: [...GROUND, "files"] },
  http: { run: [...GROUND, "files"], types: ["context.ts"] },
  oidc: { run: [...GROUND, "http", "providers", "token"], types: ["context.ts"] },
  hot: { run: [...GROUND, "files", "store", "formats", "credential", "token"] },
  terminal: { run: GROUND, types: ["context.ts", "store", "token"] },
  session: { run: [...GROUND, "config", "token", "terminal"], types: ["context.ts", "store"] },
  commands: {
    run: [
      ...GROUND,
      "session",
      "terminal",
      "files",
      "config",
      "formats",
      "providers",
      "token",
      "http",
      "hot/repeat.ts",
      "serve",
      "hot/remember.ts",
      "credential",
    ],
    types: ["command-row.ts", "context.ts", "store"],
  },
  // What the command prints, and nothing of how; and the log, which is the command's own.
  opencode: { run: OF_PLUGIN, types: ["commands", "terminal"] },
  "command-row.ts": { types: ["context.ts"] },
  "compose.ts": { run: [...GROUND, "files", "store", "oidc", "http"], types: ["context.ts"] },
  "program.ts": {
    run: [...GROUND, "commands", "credential", "formats", "providers"],
    types: ["command-row.ts"],
  },
  "cli.ts": {
    run: [...GROUND, "program.ts", "compose.ts", "store/keyring", "terminal/descriptor.ts"],
    types: ["command-row.ts", "context.ts"],
  },
  "main.ts": { run: [...GROUND, "cli.ts", "hot"] },
  standalone: { run: ["main.ts"] },
};

/** The rooms that may know a package, so that it can be replaced there. */
const OWNERS: Record<string, readonly string[]> = {
  "openid-client": ["oidc"],
  undici: ["http"],
  commander: ["program.ts", "cli.ts"],
  valibot: ["config", "commands"],
  "@valibot/to-json-schema": ["config"],
  "jsonc-parser": ["files"],
  yaml: ["files"],
  "@decimalturn/toml-patch": ["files"],
  diff: ["commands"],
  "fastest-levenshtein": ["nearest.ts"],
  open: ["compose.ts"],
  "@clack/prompts": ["terminal"],
  "yocto-spinner": ["terminal"],
  kleur: ["commands", "terminal", "cli.ts"],
  uqr: ["terminal"],
  "@napi-rs/keyring": ["store"],
};

describe("an import", () => {
  it("leads to a file that is there", () => {
    const there = new Set(files.map(({ path }) => path));
    expect(inProject.filter(({ to }) => !there.has(to)).map(show)).toEqual([]);
    expect(inProject.length).toBeGreaterThan(100);
  });

  it("goes the one way that data goes, types included", () => {
    expect(wrongArrows(imports).map(show)).toEqual([]);
  });

  it("that a table of rooms does not allow is found, were there one", () => {
    const planted = { from: "token/service.ts", to: "oidc/grants.ts", type_only: true };
    expect(wrongArrows([...imports, planted])).toEqual([planted]);
  });

  it("is made wherever the table allows one", () => {
    const unused = Object.entries(ROOMS).flatMap(([room, { run = [], types = [] }]) =>
      [...run, ...types]
        .filter((to) => ![...GROUND, ...OF_PLUGIN].includes(to))
        .filter((to) => !imports.some((each) => roomOf(each.from) === room && covers(each.to)(to)))
        .map((to) => `${room} → ${to}`),
    );
    expect(unused).toEqual([]);
  });

  it("has a room whose arrows are known", () => {
    expect([...new Set(files.map(({ path }) => roomOf(path)))].filter((room) => !(room in ROOMS))).toEqual(
      [],
    );
  });

  it("never closes a circle of files, types included", () => {
    expect(circles(inProject)).toEqual([]);
  });

  it("that closes a circle is found, were there one", () => {
    const planted = { from: "token/token-set.ts", to: "token/service.ts", type_only: true };
    expect(circles([...inProject, planted])).not.toEqual([]);
  });

  it("of a command is made by no other command", () => {
    const own = (path: string): string => path.split("/")[1] ?? "";
    const foreign = inProject.filter(
      ({ from, to }) => from.startsWith("commands/") && to.startsWith("commands/") && own(from) !== own(to),
    );
    expect(foreign.map(show)).toEqual([]);
  });

  it("of a package is made where the package belongs", () => {
    const wrong = packages.filter(({ from, to }) => !OWNERS[to]?.includes(roomOf(from)));
    expect(wrong.map(show)).toEqual([]);
  });

  it("of a package names one that is installed with this one", () => {
    expect(packages.filter(({ to }) => !(to in dependencies)).map(show)).toEqual([]);
  });

  it("of Node is made by no part that only computes", () => {
    const pure = imports.filter(({ from }) => /^(?:token|formats|providers)\/|^errors\.ts$/.test(from));
    expect(pure.filter(({ to }) => to.startsWith("node:")).map(show)).toEqual([]);
  });

  it("in the OpenCode plugin, as it is shipped, is of Node built-ins only", async () => {
    const { metafile } = await build({ ...opencode, metafile: true, write: false });
    const outside = Object.values(metafile?.outputs ?? {}).flatMap((output) => output.imports);
    expect(outside.filter(({ path }) => !isBuiltin(path))).toEqual([]);
    expect(outside.length).toBeGreaterThan(3);
  });
});

it("files are opened, written and removed in files/ alone, in the ways that neither block nor lose anything", () => {
  const by_hand =
    /\b(?:open|readFile|writeFile|appendFile|copyFile|cp|rename|rm|unlink|mkdir|truncate|chmod|link|symlink)(?:Sync)?\(/g;
  // What the kernel itself answers is no file that somebody could have put there.
  const of_kernel = /\breadFileSync\([`"]\/proc\//g;
  const found = files
    .filter(({ path, text }) => !path.startsWith("files/") && /from "node:fs(?:\/promises)?"/.test(text))
    .flatMap(({ path, text }) =>
      (text.replace(of_kernel, "").match(by_hand) ?? []).map((call) => `${path}: ${call}`),
    );
  expect(found).toEqual([]);
  const recursive = files.filter(({ text }) => /\bmkdir\w*\([^)]*recursive/.test(text));
  expect(recursive.map(({ path }) => path)).toEqual([]);
});

it("no dependency is installed that nothing uses", () => {
  const used = new Set(imports.map(({ to }) => to));
  // Loaded by require, which costs a tenth of an import.
  used.add("@napi-rs/keyring");
  expect(Object.keys(dependencies).filter((name) => !used.has(name))).toEqual([]);
});

it("no dependency needs a newer Node than package.json asks for", () => {
  const oldest = numbers(engines.node);
  const newer = Object.entries(lock.packages as Record<string, Installed>)
    .filter(([path, { dev, engines }]) => path !== "" && !dev && engines?.node !== undefined)
    .map(([path, { engines }]) => [path, engines?.node ?? ""] as const)
    // Of several ranges one is enough: `^20.9.0 || >=22`.
    .filter(([, range]) => range.split("||").every((part) => compare(numbers(part), oldest) > 0));
  expect(newer).toEqual([]);
  expect(oldest).toHaveLength(3);
});

describe("a file", () => {
  it("has at most 300 lines: a longer one would have more than one job", () => {
    const long = files.filter(({ lines }) => lines > 300);
    expect(long.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });
});

it("a folder has at most 20 files", () => {
  const folders = files.map(({ path }) => path.slice(0, path.lastIndexOf("/") + 1));
  const crowded = [...new Set(folders)].filter(
    (folder) => folders.filter((each) => each === folder).length > 20,
  );
  expect(crowded).toEqual([]);
});

/** The hot path, with what takes a bundle of its own because few calls of it need that. Bytes a fifth more than at first. */
describe.each([
  ["the hot path", hot, "src/main.ts", ["src/hot/get-stored.ts", "src/store/file-read.ts"], 17_000],
  ["what the hot path seldom needs", seldom, "src/hot/seldom.ts", ["src/credential/git.ts"], 11_000],
] as const)("%s", (_, options, entry, parts, BUDGET) => {
  /** What Node itself has loaded by the time it runs anything. */
  const BUILT_INS = ["node:fs", "node:path"];

  let size: number;
  /** What runs before the first line of `main`, and what `import()` would bring in later. */
  let at_load: readonly string[];
  beforeAll(async () => {
    const { metafile, outputFiles } = await build({
      ...options,
      metafile: true,
      write: false,
    });
    size = outputFiles?.[0]?.contents.length ?? 0;
    const reached = new Set<string>([entry]);
    for (const path of reached) {
      for (const { path: to, kind } of metafile?.inputs[path]?.imports ?? []) {
        if (kind !== "dynamic-import") reached.add(to);
      }
    }
    at_load = [...reached].map((path) => (isBuiltin(path) ? path.replace(/^(?!node:)/, "node:") : path));
  });

  it("is the whole way from the arguments to an answer", () => {
    expect(at_load).toEqual(expect.arrayContaining([...parts, "src/formats/header.ts"]));
  });

  it("loads no part of Node that costs milliseconds, such as crypto, net, child_process or util", () => {
    const built_ins = at_load.filter((path) => path.startsWith("node:"));
    expect(built_ins.filter((path) => !BUILT_INS.includes(path))).toEqual([]);
  });

  it("loads no package", () => {
    expect(at_load.filter((path) => path.includes("node_modules/"))).toEqual([]);
  });

  it("leaves nothing to be found at run time but Node itself", () => {
    const outside = at_load.filter(
      (path) =>
        !/^node:|^src\/|(?:^|\/)node_modules\/|^package\.json$|^\.\/(?:seldom|waiting|keyring|cli)\.cjs$/.test(
          path,
        ),
    );
    expect(outside).toEqual([]);
  });

  it("knows nothing of the provider, of the flows or of the rest of the commands", () => {
    const foreign = at_load.filter((path) =>
      /^src\/(?:oidc|http|providers|opencode|cli|compose|session|terminal|commands)/.test(path),
    );
    expect(foreign).toEqual([]);
  });

  it(`takes at most ${BUDGET} bytes`, () => {
    expect(size).toBeGreaterThan(5_000);
    expect(size).toBeLessThanOrEqual(BUDGET);
  });
});

interface Installed {
  readonly dev?: boolean;
  readonly engines?: { readonly node?: string };
}

function numbers(range: string): number[] {
  return (/\d+(?:\.\d+)*/.exec(range)?.[0] ?? "0").split(".").map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = [0, 1, 2].find((index) => (a[index] ?? 0) !== (b[index] ?? 0));
  return at === undefined ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** Whether a file is the allowed one, or lies in the allowed room. */
function covers(to: string): (allowed: string) => boolean {
  return (allowed) => to === allowed || to.startsWith(`${allowed}/`);
}

function wrongArrows(all: readonly Import[]): Import[] {
  return all.filter(({ from, to, type_only }) => {
    if (!to.endsWith(".ts") || (to.includes("/") && roomOf(to) === roomOf(from))) return false;
    const { run = [], types = [] } = ROOMS[roomOf(from)] ?? {};
    return !run.some(covers(to)) && !(type_only && types.some(covers(to)));
  });
}

/** Every circle there is, each once, as a path that ends where it began. */
function circles(arrows: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of arrows) next.set(from, [...(next.get(from) ?? []), to]);
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
