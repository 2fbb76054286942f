import { wordsOfName } from "./called-as.js";

// In the executable this is a path inside of itself. What starts this program again is the file, and nothing else.
process.argv.splice(1, 1, process.execPath, ...wordsOfName(process.argv0));
