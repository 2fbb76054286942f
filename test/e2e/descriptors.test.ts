import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IS_SCRIPT, PROGRAM, Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
/** The fewest descriptors with which the runtime itself runs a script that loads another, or the executable says a word. */
let fewest = IS_SCRIPT ? 10 : 4;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  sandbox.configure({ profiles: { dev: browserProfile(provider) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  writeFileSync(join(sandbox.home, "other.cjs"), "");
  writeFileSync(join(sandbox.home, "bare.cjs"), 'require("./other.cjs")');
  const limited = ["-c", 'ulimit -n "$1"; exec "$2" "$3"', "sh"];
  const bare = IS_SCRIPT ? [process.execPath, join(sandbox.home, "bare.cjs")] : [PROGRAM, "--nonsense"];
  const works = () => {
    const { status, stderr } = spawnSync("sh", [...limited, `${fewest}`, ...bare], { encoding: "utf8" });
    return IS_SCRIPT ? status === 0 : stderr.startsWith("oidc-token: ");
  };
  while (!works()) {
    fewest += 1;
    expect(fewest).toBeLessThan(200);
  }
});
afterAll(async () => {
  sandbox?.dispose();
  await provider?.stop();
});

const run = (args: readonly string[], limit: number) =>
  sandbox.run(args, { through: ["sh", "-c", `ulimit -n ${limit}; exec "$0" "$@"`] });

describe.skipIf(process.platform === "win32")("with few file descriptors left", () => {
  it.each<[string, readonly string[], () => void]>([
    ["get", ["get"], () => {}],
    ["get that must refresh", ["get"], () => file.expire()],
    ["status", ["status"], () => {}],
    ["logout --local of nothing", ["logout", "--local", "-p", "nope"], () => {}],
    ["--help", ["--help"], () => {}],
  ])(
    "%s ends well, or with exit 5 or 6 and a sentence, and never loses the session",
    async (what, args, arrange) => {
      const codes = new Set<number | null>();
      for (let limit = fewest; limit < fewest + 25; limit += limit < fewest + 9 ? 1 : 4) {
        arrange();
        const outcome = await run(args, limit);
        // What Bun itself lacks for a request, it tells itself.
        if (!IS_SCRIPT && outcome.stderr.includes("bun ran out of file descriptors")) continue;
        codes.add(outcome.code);
        if (outcome.code === 0 || outcome.code === 4) continue;
        // Too few for the program's own first file: the runtime tells that itself.
        if (/node:internal/.test(outcome.stderr) && limit === fewest) continue;
        expectFailure(outcome, outcome.code === 6 ? 6 : 5);
        expect(outcome.stderr).toMatch(/too many files are open/);
      }
      expect(codes.has(0) || codes.has(4)).toBe(true);
      if (what === "get that must refresh") expect(codes).toContain(5);
      expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
    },
  );
});
