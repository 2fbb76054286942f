import { basename, dirname, isAbsolute, join, resolve } from "path";

/** Stands in for `node:path` in the hot bundle; see process.ts. Without "node:" it is not led back to itself. */
export default { basename, join };
export { basename, dirname, isAbsolute, join, resolve };
