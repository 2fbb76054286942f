/** A duration as people write it, in one piece: "90s", "5m", "1h30m", "7d". */
export const DURATION = /^(?=\d)(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?$/;

/** The seconds of a duration; undefined where the text is none. */
export function secondsOf(text: string): number | undefined {
  const parts = DURATION.exec(text);
  if (!parts) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}
