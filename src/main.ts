import { writeSync } from "node:fs";
import { inTwoLines, isOidcTokenError, tooManyFiles } from "./errors.js";
import { getStored } from "./hot/get-stored.js";

const argv = process.argv.slice(2);

async function main(): Promise<void> {
  let failure: unknown;
  try {
    if (argv.includes("get") && (await getStored(argv, process.env))) process.exit(0);
  } catch (error) {
    failure = error;
  }
  const cli = await import("./cli.js").catch((thrown: unknown) => endWithout(failure ?? thrown));
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
