// Evaluates expressions with the reference implementation of JSONata.
//
// `node evaluate.js FOLDER`, FOLDER holding node_modules, reads JSON lines {source, variables, now} and answers each with
// {value}, "nothing" for undefined, "noJson" for what is no JSON, or {error: CODE}.

const crypto = require("node:crypto");
const path = require("node:path");
const readline = require("node:readline");

const jsonata = require(path.join(process.argv[2], "node_modules", "jsonata"));

// $now() and $millis() are the moment that the expression was recorded at.
let now = 0;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...fields) {
    super(...(fields.length === 0 ? [now] : fields));
  }
  static now() {
    return now;
  }
};

// What Step Functions adds, from its reference; `$eval` it takes away. What chance decides is not compared.
const ADDED = {
  partition: [(array, size) => {
    const chunks = [];
    for (let first = 0; first < array.length; first += size) chunks.push(array.slice(first, first + size));
    return chunks;
  }, "<an:a>"],
  range: [(first, last, step) => {
    const numbers = [];
    for (let next = first; step > 0 ? next <= last : next >= last; next += step) numbers.push(next);
    return numbers;
  }, "<nnn:a>"],
  hash: [(text, algorithm) => crypto.createHash(algorithm.replace("SHA-", "sha")).update(text).digest("hex"), "<ss:s>"],
  parse: [(text) => JSON.parse(text), "<s:x>"],
};

const programs = new Map();

function program(source) {
  if (!programs.has(source)) {
    const parsed = jsonata(source);
    for (const [name, [body, signature]] of Object.entries(ADDED)) parsed.registerFunction(name, body, signature);
    programs.set(source, parsed);
  }
  return programs.get(source);
}

function isJson(value) {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value._jsonata_lambda || value._jsonata_function) return false;
  // A key without a value is left out, as JSON text leaves it out.
  return Object.values(value).every((each) => (each === undefined && !Array.isArray(value)) || isJson(each));
}

async function answer({ source, variables, now: moment }) {
  now = moment;
  try {
    const value = await program(source).evaluate(undefined, variables ?? {});
    if (value === undefined) return "nothing";
    return isJson(value) ? { value } : "noJson";
  } catch (error) {
    return { error: error.code ?? String(error) };
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\n");
  }
}

main();
