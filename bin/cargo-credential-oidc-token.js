#!/usr/bin/env node
process.argv.splice(2, 0, "credential", "cargo", "--");
require("../dist/main.cjs");
