import type { Tool } from "../tool.js";

export const curl: Tool = {
  name: "curl",
  title: "curl and scripts",
  sends: "headers",
  needs: [],
  says: "Nothing has to be set up. The header comes through a pipe, so the token stands neither in the list of processes nor in the history. `-H @-` takes stdin: send a body from a file.",
  plan: (asked) => ({
    edits: [],
    next: [`${asked.line("get", "--format", "header")} | curl -H @- ${asked.base_url}/<path>`],
  }),
};
