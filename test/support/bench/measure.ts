import type { Contender } from "./contender.js";

/** Rounds that count for nothing: caches fill, files are read from the disk. */
const WARM_UP = 2;

/** Milliseconds of each contender, in the order of the runs. */
export type Times = ReadonlyMap<Contender, readonly number[]>;

/**
 * All contenders take turns, A B C A B C …, since machines change their speed within seconds: what counts are the ratios
 * of medians of one run.
 */
export async function measure(
  contenders: readonly Contender[],
  runs: number,
  onRound: (round: number) => void = () => {},
): Promise<Times> {
  const times = new Map(contenders.map((contender) => [contender, [] as number[]]));
  for (let round = -WARM_UP; round < runs; round += 1) {
    onRound(round);
    for (const contender of contenders) {
      const took = await contender.run();
      if (round >= 0) times.get(contender)?.push(...[took].flat());
    }
  }
  return times;
}

/** The value below which this share of all lies; the median unless told. */
export function median(values: readonly number[], share = 0.5): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}
