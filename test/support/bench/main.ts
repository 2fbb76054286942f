/**
 * `npm run bench`: ours beside what a person would use instead, and beside the bare runtime, all in one interleaved run.
 *
 *     npm run bench -- [--runs 20] [--write] [word…]
 *
 * `--write` makes docs/performance.md of it; a word leaves only the rows whose file is named so. A row is a file in
 * `rows/` (see `Row`). Parts that are not installed are left out by name.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Group, Row } from "./contender.js";
import { measure } from "./measure.js";
import { missed, surroundings, tableOf } from "./report.js";
import { World } from "./world.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string", default: "20" }, write: { type: "boolean", default: false } },
});
const runs = Number(values.runs);

const ROWS = new URL("rows/", import.meta.url);
const names = readdirSync(ROWS)
  .filter((name) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
  .sort();

const INTRODUCTION = `# Performance

Made by \`npm run bench -- --write\`; do not edit. Each row takes its turn in every round of one run, so that what the
machine does meanwhile hits all alike: read the ratios, not the milliseconds. "aim" is what this program promises itself.
`;

const world = new World();
try {
  const groups: Group[] = [];
  for (const name of names) {
    const { default: row } = (await import(new URL(name, ROWS).href)) as { default: Row };
    groups.push(...(await row(world)));
  }
  const contenders = [...new Set(groups.flatMap((group) => group.contenders))];
  const times = await measure(contenders, runs, (round) => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r${round < 0 ? "warming up" : `run ${round + 1} of ${runs}`} `);
  });
  const timesOf = (group: Group) =>
    new Map([...times].filter(([contender]) => group.contenders.includes(contender)));
  const tables = groups.map((group) => tableOf(group, timesOf(group)));
  const page = [INTRODUCTION, surroundings(world.runtimes, runs), "", ...tables].join("\n");
  console.log(page);
  for (const line of groups.flatMap((group) => missed(group, timesOf(group)))) console.log(`missed: ${line}`);
  if (values.write) writeFileSync(new URL("../../../docs/performance.md", import.meta.url), page);
} finally {
  await world.end();
}
