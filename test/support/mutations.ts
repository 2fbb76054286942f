/** What breaks programs where something else was expected. */
const NASTY: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 0.5, -1e308, 1e308, 2 ** 53, Number.MIN_VALUE, 253_402_300_800],
  ...[
    "",
    " ",
    "\n",
    "a\nb",
    "a\r\nX-Injected: 1",
    "\u0000",
    "\u001b]52;c;eA==\u0007",
    "\u202e",
    "\ud800",
    "é",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "../../../etc/passwd",
    "/dev/zero",
    "'; rm -rf ~ #",
    "x".repeat(9_000),
  ],
  ...[[], {}, [[]], [null], { length: -1 }, { from: "env", name: "" }, { from: "file", path: "/dev/zero" }],
];

/** A generator of texts that are nearly the JSON of `value`: values replaced, keys gone or new, characters changed. */
export function mutations(value: unknown, random: () => number): () => string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const change = (node: unknown): unknown => {
    if (typeof node !== "object" || node === null || random() < 0.15) return pick(NASTY);
    if (Array.isArray(node)) {
      if (node.length === 0 || random() < 0.2) return [...node, pick(NASTY)];
      const at = Math.floor(random() * node.length);
      return random() < 0.2
        ? node.filter((_, index) => index !== at)
        : node.map((each, index) => (index === at ? change(each) : each));
    }
    const keys = Object.keys(node);
    const key = pick([...keys, ...keys, ...keys, "__proto__", "new"]);
    const entries = Object.entries(node).filter(([name]) => name !== key);
    if (random() < 0.15) return Object.fromEntries(entries);
    return Object.fromEntries([...entries, [key, change((node as Record<string, unknown>)[key])]]);
  };
  const damage = (text: string): string => {
    const at = Math.floor(random() * text.length);
    const other = pick([
      "",
      "\u0000",
      '"',
      "{",
      "]",
      ",",
      "1e999",
      "\\u0000",
      "\uffff",
      text.slice(at, at + 40),
    ]);
    return random() < 0.2
      ? text.slice(0, at)
      : text.slice(0, at) + other + text.slice(at + Math.floor(random() * 3));
  };
  return () => {
    let tree = value;
    for (let times = Math.floor(random() * 4); times > 0; times -= 1) tree = change(tree);
    let text = JSON.stringify(tree) ?? "";
    for (let times = random() < 0.3 ? 1 + Math.floor(random() * 3) : 0; times > 0; times -= 1)
      text = damage(text);
    return text;
  };
}
