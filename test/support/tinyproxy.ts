import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./free-port.js";

export interface Tinyproxy {
  /** `http://127.0.0.1:PORT`, without credentials. */
  readonly url: string;
  /** `HOST:PORT` of each CONNECT it has carried out or refused, by its own log. */
  connects(): string[];
  stop(): Promise<void>;
}

/** True where Debian's `tinyproxy` is not installed. */
export const tinyproxyMissing = spawnSync("tinyproxy", ["-v"], { timeout: 5000 }).error !== undefined;

/** Starts tinyproxy on 127.0.0.1, which asks for these credentials if there are any. Call `stop`. */
export async function startTinyproxy(credentials?: {
  readonly user: string;
  readonly password: string;
}): Promise<Tinyproxy> {
  const folder = mkdtempSync(join(tmpdir(), "oidc-token-tinyproxy-"));
  const port = await freePort();
  const log = join(folder, "log");
  writeFileSync(
    join(folder, "conf"),
    [
      `Port ${port}`,
      "Listen 127.0.0.1",
      "Allow 127.0.0.1",
      "LogLevel Connect",
      `LogFile "${log}"`,
      "Timeout 20",
      ...(credentials ? [`BasicAuth ${credentials.user} ${credentials.password}`] : []),
    ].join("\n"),
  );
  const child = spawn("tinyproxy", ["-d", "-c", join(folder, "conf")], { stdio: "ignore" });
  const gone = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  for (let attempt = 0; !(await answers(port)); attempt += 1) {
    if (attempt > 100 || child.exitCode !== null) throw new Error("tinyproxy did not start");
    await delay(50);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    connects: () => [...readFileSync(log, "utf8").matchAll(/CONNECT (\S+) HTTP/g)].map(([, to = ""]) => to),
    async stop() {
      child.kill("SIGKILL");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).once("error", () => resolve(false));
  });
}
