/**
 * Stands in for `node:process` in the hot bundle. There, a default import is copied property by property, which on Bun
 * sets up stdin, stdout and stderr and takes three times as long as all the rest.
 */
export default globalThis.process;
