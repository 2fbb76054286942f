import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import manifest from "../../package.json" with { type: "json" };
import { TARGETS } from "../../standalone.mjs";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: { readonly include?: readonly { readonly platform: string }[] } };
  readonly steps: readonly Step[];
  readonly "timeout-minutes"?: number;
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = `${root}/.github/workflows`;
const texts = readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, "utf8")] as const);
const workflows = texts.map(([name, text]) => [name, parse(text) as Workflow] as const);
const release = Object.fromEntries(workflows)["release.yml"] as Workflow;

describe.each(workflows)("the workflow %s", (_, { permissions, jobs }) => {
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  it("takes every action by the full hash of a commit", () => {
    const used = steps.flatMap(({ uses }) => uses ?? []);
    expect(used.filter((uses) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(uses))).toEqual([]);
    expect(used).not.toEqual([]);
  });

  it("may read the code at most, but for jobs that say what more they need", () => {
    expect(
      Object.entries(permissions).filter(([name, value]) => `${name} ${value}` !== "contents read"),
    ).toEqual([]);
  });

  it("ends each job after a while, and waits for jobs that there are", () => {
    for (const { needs, "timeout-minutes": minutes } of Object.values(jobs)) {
      expect(minutes).toBeGreaterThan(0);
      expect(needs === undefined || needs in jobs).toBe(true);
    }
  });

  it("leaves no token behind a checkout", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.filter((step) => step.with?.["persist-credentials"] !== false)).toEqual([]);
  });

  it("runs scripts that there are", () => {
    const lines = steps.flatMap(({ run }) => run?.split("\n") ?? []);
    const scripts = lines.flatMap((line) => /npm run (?:-s )?([\w:]+)/.exec(line)?.[1] ?? []);
    const files = lines.flatMap((line) => /\b(?:ba)?sh ([\w./-]+\/[\w-]+(?:\.sh)?)/.exec(line)?.[1] ?? []);
    expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
    expect(files.filter((path) => !existsSync(`${root}/${path}`))).toEqual([]);
    expect([...scripts, ...files]).not.toEqual([]);
  });

  it("puts nothing that others may choose into a script", () => {
    // GitHub fills ${{ }} in before a shell reads the line.
    expect(steps.flatMap(({ run }) => run ?? []).filter((run) => run.includes("${" + "{"))).toEqual([]);
  });
});

it("an action is of one version wherever it is used, and its name stands beside the hash", () => {
  const pins = texts.flatMap(([, text]) => [...text.matchAll(/uses: ([\w-]+\/[\w-]+)@(\S+) # (v[\d.]+)$/gm)]);
  const uses = texts.flatMap(([, text]) => text.match(/uses: /g) ?? []);
  expect(pins).toHaveLength(uses.length);
  const versions = new Map(
    pins.map(([, action = "", hash = "", version = ""]) => [action, `${hash} ${version}`]),
  );
  for (const [, action = "", hash, version] of pins) expect(versions.get(action)).toBe(`${hash} ${version}`);
});

describe("a release", () => {
  it("gives each job no more than it uses", () => {
    const given = Object.entries(release.jobs).map(([name, { permissions }]) => [name, permissions]);
    expect(Object.fromEntries(given)).toEqual({
      build: { contents: "read" },
      smoke: { contents: "read" },
      attest: { "id-token": "write", attestations: "write" },
      draft: { contents: "write" },
      npm: { contents: "read", "id-token": "write" },
      publish: { contents: "write" },
    });
    expect(release.permissions).toEqual({});
  });

  it("is built once, tried, attested and only then published", () => {
    expect(Object.entries(release.jobs).map(([name, { needs }]) => [name, needs])).toEqual([
      ["build", undefined],
      ["smoke", "build"],
      ["attest", "smoke"],
      ["draft", "attest"],
      ["npm", "draft"],
      ["publish", "npm"],
    ]);
  });

  it("tries the executable of every platform", () => {
    const tried = release.jobs.smoke?.strategy?.matrix.include?.map(({ platform }) => platform);
    expect(tried?.toSorted()).toEqual(Object.keys(TARGETS).toSorted());
  });
});
