// Has cdk-nag's packs look at an emitted CloudFormation template.
//
// `node nag.js FOLDER TEMPLATE`, FOLDER holding node_modules, prints a JSON list of what they find, each as `[RULE, AT]`: the logical id of what
// the rule is about, and after a blank the wildcard that it is about, where it is one.

const { createRequire } = require("node:module");
const path = require("node:path");

const [folder, template] = process.argv.slice(2);
const load = createRequire(path.resolve(folder, "package.json"));
const { App, Stack } = load("aws-cdk-lib");
const { CfnInclude } = load("aws-cdk-lib/cloudformation-include");
const { AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks } = load("cdk-nag");

const app = new App();
const stack = new Stack(app, "Stack");
new CfnInclude(stack, "Template", { templateFile: template });

const found = [AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks].flatMap((Pack) =>
  new Pack(app).validateScope(stack).violations.flatMap(({ ruleName, violatingResources, violatingConstructs }) => {
    const [, rule, wildcard] = /^([^[]*)(?:\[[A-Za-z]+::(.*)\])?$/.exec(ruleName);
    const places = violatingConstructs ?? violatingResources;
    return places.map((at) => [rule, [at.constructPath.split("/").pop(), wildcard].filter(Boolean).join(" ")]);
  }),
);
console.log(JSON.stringify(found));
