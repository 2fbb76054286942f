import { bazel } from "./bazel.js";
import { cargo } from "./cargo.js";
import { docker } from "./docker.js";
import { git } from "./git.js";
import { keyring } from "./keyring.js";
import type { Protocol } from "./protocol.js";
import { terraform } from "./terraform.js";

/** The protocols by the tool that speaks them. */
export const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  git,
  docker,
  cargo,
  terraform,
  bazel,
  keyring,
};
