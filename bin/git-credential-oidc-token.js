#!/usr/bin/env node
process.argv.splice(2, 0, "credential", "git");
require("../dist/main.cjs");
