/** Pixels of one character, which any monospaced font is fitted to, and of the margin. */
const [WIDTH, HEIGHT, MARGIN] = [8, 18, 16];

/** The colours of a light and of a dark screen, by the number of the sequence that begins them. */
const COLOURS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  31: ["#b42318", "#ff7b72"],
  32: ["#17703a", "#56d364"],
  33: ["#8a5a00", "#e3b341"],
  34: ["#0b5cad", "#79c0ff"],
  35: ["#7d3bb0", "#d2a8ff"],
  36: ["#0b6e7f", "#56d4dd"],
  90: ["#626b76", "#8b949e"],
};

const STYLE = [
  "text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre;fill:#1f2328}",
  ".s{fill:#fff;stroke:#d1d9e0}.b{font-weight:700}.d{opacity:.65}",
  ...Object.entries(COLOURS).map(([number, [light]]) => `.c${number}{fill:${light}}`),
  "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.s{fill:#0d1117;stroke:#3d444d}",
  ...Object.entries(COLOURS).map(([number, [, dark]]) => `.c${number}{fill:${dark}}`),
  "}",
].join("");

/**
 * A terminal's screen, with its colours as escape sequences, as a picture that loads nothing: what stands in it is text, each
 * run of one colour fitted to its columns.
 */
export function terminalSvg(screen: string, columns: number, title: string): string {
  const lines = screen.trimEnd().split("\n");
  const width = columns * WIDTH + 2 * MARGIN;
  const height = lines.length * HEIGHT + 2 * MARGIN;
  // A look goes on until another sequence ends it, over the ends of lines as well.
  let look: ReadonlySet<string> = new Set();
  const rows = lines.flatMap((line, row) => {
    const { runs, last } = runsIn(line, look);
    look = last;
    return runs.map((run) => textOf(run, row));
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="s" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...rows,
    "</svg>",
  ].join("\n")}\n`;
}

interface Run {
  readonly column: number;
  readonly text: string;
  readonly classes: readonly string[];
}

/** The pieces of a line that look alike, without the spaces around them. */
function runsIn(
  line: string,
  first: ReadonlySet<string>,
): { readonly runs: readonly Run[]; readonly last: ReadonlySet<string> } {
  const runs: Run[] = [];
  let column = 0;
  let look = first;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  for (const [, codes, text = ""] of line.matchAll(/\u001b\[([\d;]*)m|([^\u001b]+)/g)) {
    if (codes !== undefined) look = looking(look, codes);
    else {
      const indent = text.length - text.trimStart().length;
      const shown = text.trim();
      if (shown !== "") runs.push({ column: column + indent, text: shown, classes: [...look].sort() });
      column += text.length;
    }
  }
  return { runs, last: look };
}

function looking(before: ReadonlySet<string>, codes: string): Set<string> {
  let look = new Set(before);
  const colour = () => [...look].filter((each) => each.startsWith("c"));
  for (const code of codes.split(";")) {
    if (code === "" || code === "0") look = new Set();
    if (code === "1") look.add("b");
    if (code === "2") look.add("d");
    if (code === "22") for (const each of ["b", "d"]) look.delete(each);
    if (code === "39" || code in COLOURS) for (const each of colour()) look.delete(each);
    if (code in COLOURS) look.add(`c${code}`);
  }
  return look;
}

function textOf({ column, text, classes }: Run, row: number): string {
  const [x, y] = [MARGIN + column * WIDTH, MARGIN + row * HEIGHT + 13];
  const look = classes.length === 0 ? "" : ` class="${classes.join(" ")}"`;
  return `<text x="${x}" y="${y}" textLength="${text.length * WIDTH}" lengthAdjust="spacingAndGlyphs"${look}>${escapeXml(text)}</text>`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
