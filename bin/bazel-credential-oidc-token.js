#!/usr/bin/env node
process.argv.splice(2, 0, "credential", "bazel");
require("../dist/main.cjs");
