import { blockEditor } from "./block.js";
import { iniEditor } from "./ini.js";
import { jsonEditor } from "./json.js";
import { withLineEnds } from "./line-ends.js";
import type { Editor } from "./place.js";
import { tomlEditor } from "./toml.js";
import { wholeFile } from "./whole.js";
import { yamlEditor } from "./yaml.js";

/** The formats of other programs' files, each with what changes one value in it and keeps all the rest. */
export const EDITORS = {
  json: jsonEditor,
  toml: withLineEnds(tomlEditor),
  yaml: withLineEnds(yamlEditor),
  ini: iniEditor,
  block: withLineEnds(blockEditor),
  whole: wholeFile,
} as const satisfies Record<string, Editor>;

export type FileFormat = keyof typeof EDITORS;
