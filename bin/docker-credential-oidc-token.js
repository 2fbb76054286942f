#!/usr/bin/env node
process.argv.splice(2, 0, "credential", "docker");
require("../dist/main.cjs");
