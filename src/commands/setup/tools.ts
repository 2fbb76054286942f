import type { Tool } from "./tool.js";
import { aws } from "./tools/aws.js";
import { bazel } from "./tools/bazel.js";
import { cargo } from "./tools/cargo.js";
import { claudeCode } from "./tools/claude-code.js";
import { claudeCodeMcp } from "./tools/claude-code-mcp.js";
import { codex } from "./tools/codex.js";
import { codexMcp } from "./tools/codex-mcp.js";
import { curl } from "./tools/curl.js";
import { docker } from "./tools/docker.js";
import { gemini } from "./tools/gemini.js";
import { git } from "./tools/git.js";
import { google } from "./tools/google.js";
import { kubectl } from "./tools/kubectl.js";
import { npm } from "./tools/npm.js";
import { opencode } from "./tools/opencode.js";
import { pip } from "./tools/pip.js";
import { pnpm } from "./tools/pnpm.js";
import { rclone } from "./tools/rclone.js";
import { terraform } from "./tools/terraform.js";
import { uv } from "./tools/uv.js";

/** Every tool there is, in the order of the documentation. */
export const TOOLS: readonly Tool[] = [
  claudeCode,
  claudeCodeMcp,
  codex,
  codexMcp,
  opencode,
  gemini,
  git,
  kubectl,
  docker,
  cargo,
  pnpm,
  npm,
  pip,
  uv,
  bazel,
  terraform,
  aws,
  google,
  rclone,
  curl,
];
