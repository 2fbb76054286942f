import kleur from "kleur";
import { oneLine } from "../../text.js";
import type { Row } from "./engine.js";

const COLOURS = { pass: kleur.green, warn: kleur.yellow, fail: kleur.red, skip: kleur.gray };

/** The findings for a person: the machine's first, then each profile's, each with its mend below. */
export function report(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ check }) => check.length));
  const groups = [undefined, ...new Set(rows.flatMap(({ profile }) => profile ?? []))];
  const blocks = groups.map((profile) => {
    const own = rows.filter((row) => row.profile === profile);
    const lines = own.flatMap(({ result, check, detail, hint }) => [
      `  ${COLOURS[result](result)}  ${check.padEnd(width)}  ${oneLine(detail)}`,
      ...(hint === undefined ? [] : [`${" ".repeat(width + 10)}→ ${oneLine(hint)}`]),
    ]);
    return [kleur.bold(profile === undefined ? "This machine" : `Profile ${profile}`), ...lines].join("\n");
  });
  const pastes = [...new Set(rows.flatMap(({ paste }) => paste ?? []))];
  const admin = pastes.map((paste) => `${kleur.bold("To send to whoever runs the provider")}\n${paste}`);
  return [...blocks, ...admin].join("\n\n");
}
