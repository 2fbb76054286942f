/**
 * Ends the process although a native call holds a thread. On Node process.exit joins its thread pool first and
 * never returns. Replacing the process image takes the threads away and keeps the exit code (Node 22.15 and later,
 * not on Windows); where that is missing only a signal is left, and the parent sees 137 in place of the code.
 * Write out what is to be shown before.
 */
export function endProcess(code: number): never {
  if (process.versions.bun !== undefined) process.exit(code);
  const { execve } = process as { execve?: (file: string, args: string[], env: object) => never };
  try {
    execve?.(process.execPath, [process.execPath, "-e", `process.exit(${code})`], {});
  } catch {
    // Not permitted or not possible on this platform.
  }
  process.kill(process.pid, "SIGKILL");
  throw new Error("unreachable"); // the signal has ended the process
}
