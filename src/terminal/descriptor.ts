import { fstatSync } from "node:fs";

/** Whether the descriptor is a terminal. A pipe or a file is known without the part of Node that takes milliseconds to load. */
export function isTerminalAt(descriptor: number): boolean {
  if (process.platform !== "win32" && !fstatSync(descriptor).isCharacterDevice()) return false;
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}
