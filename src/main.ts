import { writeSync } from "node:fs";
import type * as Cli from "./cli.js";
import { inTwoLines, isOidcTokenError, tooManyFiles } from "./errors.js";
import { keepCompiled } from "./hot/compiled.js";
import { getStored } from "./hot/get-stored.js";
import { print } from "./stdout.js";
import { VERSION_FLAGS, version } from "./version.js";

const argv = process.argv.slice(2);

/** Beside this bundle, in chunks. */
const loadCli = (): typeof Cli => require("./cli.cjs") as typeof Cli;

async function main(): Promise<void> {
  let failure: unknown;
  try {
    if (VERSION_FLAGS.some((flag) => flag === argv[0])) {
      print(`${version}\n`);
      process.exit(0);
    }
    if (argv.includes("get") && (await getStored(argv, process.env))) process.exit(0);
  } catch (error) {
    failure = error;
  }
  keepCompiled();
  let cli: typeof Cli;
  try {
    cli = loadCli();
  } catch (thrown) {
    endWithout(failure ?? thrown);
  }
  await (failure === undefined ? cli.run(argv) : cli.endWith(failure));
}

/** Where the rest of the program can't be loaded, for want of file descriptors; another reason is the runtime's to tell. */
function endWithout(failure: unknown): never {
  const error = isOidcTokenError(failure) ? failure : tooManyFiles(failure);
  if (!error) throw failure;
  writeSync(2, inTwoLines(error));
  process.exit(error.exitCode);
}

void main();
