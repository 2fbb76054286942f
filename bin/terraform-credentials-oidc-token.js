#!/usr/bin/env node
process.argv.splice(2, 0, "credential", "terraform");
require("../dist/main.cjs");
