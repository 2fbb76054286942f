import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Context } from "../context.js";

/**
 * Reads what a person enters, unseen, until the answer is called: it may hold a code. By readline, since a terminal left to
 * itself cuts a line after 4 kB, and shows it. Empty lines are left out.
 */
export function readLines({ stdin }: Pick<Context, "stdin">, take: (line: string) => void): () => void {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  lines.on("line", (line) => {
    if (line.trim() !== "") take(line.trim());
  });
  // The terminal sends no signal meanwhile.
  lines.on("SIGINT", () => process.emit("SIGINT"));
  return () => lines.close();
}
