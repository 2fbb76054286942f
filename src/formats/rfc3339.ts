/** In seconds since the epoch: RFC 3339 has four digits for a year. */
const YEAR_10000 = 253_402_300_800;

/** An RFC 3339 time in whole seconds, never later than what was given; undefined for one that has no such form. */
export function rfc3339(seconds: number | undefined): string | undefined {
  if (seconds === undefined || seconds >= YEAR_10000) return undefined;
  return new Date(Math.floor(seconds) * 1000).toISOString().replace(".000Z", "Z");
}
