// Has asl-validator look at a definition.
//
// `node validate.js FOLDER`, FOLDER holding node_modules, reads a definition and prints a JSON list of what is wrong with it.

const fs = require("node:fs");
const path = require("node:path");

const validate = require(path.join(process.argv[2], "node_modules", "asl-validator"));

const { errors } = validate(JSON.parse(fs.readFileSync(0, "utf8")));
console.log(JSON.stringify(errors.map((error) => error.Message)));
