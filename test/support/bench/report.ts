import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import type { Runtime } from "../runtimes.js";
import type { Group, Ratio } from "./contender.js";
import { median, type Times } from "./measure.js";

/** A group's table in Markdown, which reads well on a terminal too. */
export function tableOf(group: Group, times: Times): string {
  const medians = new Map(
    [...times].map(([contender, took]) => [contender.name, median(took, contender.share)] as const),
  );
  const rows = group.contenders.map(({ name }) => {
    const own = medians.get(name) ?? Number.NaN;
    const told = group.ratios.filter(({ of }) => of === name).map((ratio) => inWords(ratio, own, medians));
    return [name, own.toFixed(1), told.join("; ")];
  });
  const lines = [["", group.unit ?? "ms", "ratio"], ["---", "--:", "---"], ...rows];
  const text = [`### ${group.title}`, "", ...(group.says === undefined ? [] : [group.says, ""])];
  text.push(...aligned(lines));
  for (const reason of group.left_out ?? []) text.push("", `Left out: ${reason}.`);
  return `${text.join("\n")}\n`;
}

/** The ratios that are not what they are to be, one a line. */
export function missed(group: Group, times: Times): string[] {
  const own = [...times].filter(([contender]) => group.contenders.includes(contender));
  const medians = new Map(own.map(([{ name, share }, took]) => [name, median(took, share)] as const));
  return group.ratios
    .filter((ratio) => !isMet(ratio, medians.get(ratio.of) ?? Number.NaN, sumOf(ratio, medians)))
    .map((ratio) => `${group.title}: ${ratio.of}, ${inWords(ratio, medians.get(ratio.of) ?? 0, medians)}`);
}

function sumOf({ to }: Ratio, medians: ReadonlyMap<string, number>): number {
  return to.reduce((sum, name) => sum + (medians.get(name) ?? Number.NaN), 0);
}

function isMet({ at_most = Number.POSITIVE_INFINITY, at_most_over }: Ratio, own: number, floor: number) {
  return at_most_over === undefined ? own / floor <= at_most : own - floor <= at_most_over;
}

function inWords(ratio: Ratio, own: number, medians: ReadonlyMap<string, number>): string {
  const floor = sumOf(ratio, medians);
  const { at_most, at_most_over } = ratio;
  const to = ratio.to.join(" + ");
  const aim = at_most_over ?? at_most;
  const aimed = aim === undefined ? "" : ` (aim: ${aim}${isMet(ratio, own, floor) ? "" : ", missed"})`;
  const sign = own < floor ? "−" : "+";
  const value =
    at_most_over === undefined
      ? `×${(own / floor).toFixed(2)}`
      : `${sign}${Math.abs(own - floor).toFixed(1)} ms`;
  return `${value}${to && ` of ${to}`}${aimed}`;
}

function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines.map((line) => {
    const cells = line.map((text, column) => {
      const width = widths[column] ?? 0;
      if (/^-+:?$/.test(text)) return text.endsWith(":") ? `${"-".repeat(width - 1)}:` : "-".repeat(width);
      return column === 1 ? text.padStart(width) : text.padEnd(width);
    });
    return `| ${cells.join(" | ")} |`;
  });
}

/** Where and with what it was measured. */
export function surroundings(runtimes: readonly Runtime[], runs: number): string {
  const [cpu] = cpus();
  const versions = runtimes.map(({ name, version }) => `${name} (${version})`).join(", ");
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${process.platform} ${process.arch}, kernel ${release()}, ${cpus().length} × ${cpu?.model ?? "unknown"}, ${memory} GB;`,
    `${versions};`,
    `medians of ${runs} interleaved runs, load average ${loadavg()[0]?.toFixed(2)}, ${new Date().toISOString().slice(0, 10)},`,
    `commit ${execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim()}.`,
  ].join("\n");
}
