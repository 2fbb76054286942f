import { Writable } from "node:stream";
import type { Context } from "../context.js";

/** The same context for a caller that takes anything on stderr for a failure: what would be told goes to the log only. */
export function quietly(context: Context): Context {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  return { ...context, stderr: nowhere as unknown as NodeJS.WriteStream };
}
