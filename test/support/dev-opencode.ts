import { spawn } from "node:child_process";
import { startSetting } from "./opencode-setting.js";

// `npm run dev:opencode [-- ARGUMENTS]`: OpenCode with the plugin as just built, in a home of its own that is removed
// at the end, beside a provider, a gateway and a model to try it on. With OIDC_TOKEN_CONFIG it uses that configuration
// instead. The user's own OpenCode, configuration and tokens are left alone.
const setting = await startSetting();
const { opencode, gateway, provider } = setting;
const own = process.env.OIDC_TOKEN_CONFIG;
if (own) opencode.configure({});
else
  console.error(`profile acme: provider ${provider.issuer}, gateway ${gateway.url}; sign in with /connect`);

const child = spawn(opencode.binary, process.argv.slice(2), {
  cwd: opencode.project,
  env: { ...opencode.env, TERM: process.env.TERM ?? "dumb", ...(own && { OIDC_TOKEN_CONFIG: own }) },
  stdio: "inherit",
});
// Ctrl-C is for OpenCode, which shares this terminal; we end after it.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
const code = await new Promise<number>((resolve) => child.once("close", (exit) => resolve(exit ?? 1)));
await setting.stop();
process.exitCode = code;
