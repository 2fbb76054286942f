import { type GlobalOptions, parseChoice } from "../../arguments.js";
import { loadConfig } from "../../config/load.js";
import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { tell } from "../../terminal/tell.js";
import { printable } from "../../text.js";
import { apply } from "./apply.js";
import { type AskOptions, askedOf, checkServes, missingOptions, originEdit } from "./asked.js";
import type { FileEdit, Plan, Tool } from "./tool.js";
import { TOOLS } from "./tools.js";
import { undo } from "./undo.js";
import { write } from "./write.js";

export interface SetupOptions extends GlobalOptions, AskOptions {
  readonly write?: boolean;
  readonly undo?: boolean;
  readonly yes?: boolean;
}

/** `setup TOOL`: prints what makes a tool use this program, writes it with `--write`, takes it back with `--undo`. */
export async function setup(
  context: Context,
  options: SetupOptions,
  [name = ""]: readonly string[],
): Promise<void> {
  const tool = toolNamed(name);
  if (options.write && options.undo)
    throw new OidcTokenError("usage", "--write and --undo do not go together", "leave one of them out");
  if (options.undo) return await undo(context, tool, options);

  const config = loadConfig(context, options);
  const profile = config.profile();
  const missing = missingOptions(tool, options);
  const asked = askedOf(context, profile, config.path, options);
  checkServes(tool, profile, asked);
  const plan = tool.plan(asked);
  if (!options.write) {
    for (const option of missing)
      tell(context, `${option} was not given: what stands for it here is an example`);
    print(context, tool, plan);
    return;
  }
  const [first] = missing;
  if (first !== undefined)
    throw new OidcTokenError(
      "usage",
      `setup ${name} needs ${missing.join(" and ")} to write anything`,
      `run: oidc-token setup ${name} ${missing.map((option) => `${option} …`).join(" ")} --write`,
    );
  const edits = [...plan.edits, ...originEdit(tool, profile, config.path, asked)];
  await write(context, tool, edits, options, (edit) => printEdit(context, edit));
  tellNext(context, plan);
}

function toolNamed(name: string): Tool {
  const names = TOOLS.map((tool) => tool.name);
  parseChoice("setup", name, names);
  return TOOLS.find((tool) => tool.name === name) as Tool;
}

function print(context: Context, tool: Tool, plan: Plan): void {
  tell(context, `${tool.title}. ${tool.says}`);
  // Where nothing is to be written, the line to run is all there is to pipe.
  if (plan.edits.length === 0) return void context.stdout.write(`${plan.next?.join("\n")}\n`);
  for (const edit of plan.edits) printEdit(context, edit);
  tellNext(context, plan);
  tell(context, `to have it written: oidc-token setup ${tool.name} --write`);
}

/** What is to stand in a file: to stdout, so that it can be piped; where it goes, to stderr. */
function printEdit(context: Context, edit: FileEdit): void {
  tell(context, `${edit.executable ? "a program" : "in"} ${printable(edit.path)}:`);
  context.stdout.write(apply("", edit).text);
}

function tellNext(context: Context, { next = [] }: Plan): void {
  for (const line of next) tell(context, `then: ${line}`);
}
