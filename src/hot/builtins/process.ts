/**
 * Stands in for `node:process` in the hot bundle. There, the default import of a built-in module (env-paths has three)
 * is copied property by property. For this one it makes Bun set up stdin, stdout and stderr, which takes three times as
 * long as all the rest; for the three together it costs Node a twentieth of its bare start.
 */
export default globalThis.process;
