// ajv's 2019 build with Amazon's keywords: node run.cjs DEFINITION PAYLOADS.json
// PAYLOADS.json is {"valid": [...], "invalid": [...]}; prints milliseconds per item as JSON.
const fs = require("fs");
const Ajv = require("ajv/dist/2019");
const addFormats = require("ajv-formats");

function counts(items, selectors) {
  const found = new Map();
  for (const item of items) {
    if (item === null || typeof item !== "object" || Array.isArray(item)) continue;
    const names = (selectors ?? Object.keys(item)).filter((name) => name in item).sort();
    const key = JSON.stringify(names.map((name) => [name, item[name]]));
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  return found;
}

function compiled(document, allErrors) {
  const ajv = new Ajv({ strict: false, allErrors, validateSchema: false });
  addFormats(ajv, ["date", "date-time", "uri"]);
  ajv.addKeyword({ keyword: "maxUniqueItems", type: "array", validate: (limit, items, schema) =>
    items.length <= limit || Math.max(0, ...counts(items, schema.selectors).values()) <= limit });
  ajv.addKeyword({ keyword: "minUniqueItems", type: "array", validate: (limit, items, schema) =>
    counts(items, schema.selectors).size >= limit });
  ajv.addKeyword({ keyword: "maxUtf8ByteLength", type: "string", validate: (limit, text) => Buffer.byteLength(text) <= limit });
  ajv.addKeyword({ keyword: "minUtf8ByteLength", type: "string", validate: (limit, text) => Buffer.byteLength(text) >= limit });
  const { $schema, ...plain } = document;
  return ajv.compile(plain);
}

function time(validate, payloads) {
  const rounds = [];
  for (let round = 0; round < 12; round++) {
    const start = process.hrtime.bigint();
    for (const payload of payloads) validate(payload);
    rounds.push(Number(process.hrtime.bigint() - start) / 1e6 / payloads.length);
  }
  return Math.min(...rounds);
}

const document = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const payloads = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
const start = process.hrtime.bigint();
const first = compiled(document, false);
const compile = Number(process.hrtime.bigint() - start) / 1e6;
const all = compiled(document, true);
console.log(JSON.stringify({
  compile,
  valid: time(first, payloads.valid),
  invalid: time(all, payloads.invalid),
  accepted: payloads.valid.filter((payload) => first(payload)).length,
  refused: payloads.invalid.filter((payload) => !first(payload)).length,
}));
