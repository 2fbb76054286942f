import { getStored } from "./hot/get-stored.js";

const argv = process.argv.slice(2);

async function main(): Promise<void> {
  let failure: unknown;
  try {
    if (argv.includes("get") && (await getStored(argv, process.env))) process.exit(0);
  } catch (error) {
    failure = error;
  }
  const { run, endWith } = await import("./cli.js");
  await (failure === undefined ? run(argv) : endWith(failure));
}

void main();
