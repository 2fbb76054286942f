import { homedir, tmpdir, userInfo } from "os";

/** Stands in for `node:os` in the hot bundle; see process.ts. Without "node:" it is not led back to itself. */
export default { homedir, tmpdir };
export { homedir, tmpdir, userInfo };
