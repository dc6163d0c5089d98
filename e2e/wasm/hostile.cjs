// Runs the list of lies as WebAssembly: `node hostile.cjs FOLDER LIST`, where FOLDER is what the glue wrote and LIST what
// the native test (e2e/tests/hostile.rs) wrote. The rule that judges a case is compiled from the same source for both.
const { readFileSync } = require("node:fs");
const { join, resolve } = require("node:path");

const [folder, list] = process.argv.slice(2).map((path) => resolve(path));
const { runHostile } = require(join(folder, "securemailbox_e2e_wasm.js"));

const suite = readFileSync(list, "utf8");
const { days, cases } = JSON.parse(suite);
const verdicts = JSON.parse(runHostile(suite));
const failed = verdicts.filter(({ faults }) => faults.length > 0);

for (const { row, name, faults } of failed) {
  const what = row === null ? `the day "${name}" as it was` : `row ${row}: ${name}`;
  console.log(`${what} ... FAILED as WebAssembly`);
  faults.forEach((fault) => console.log(`  ${fault}`));
}
const complete = cases.length > 0 && verdicts.length === Object.keys(days).length + cases.length;
if (!complete) console.log("Not every case was run.");
const rows = new Set(cases.map(({ row }) => row));
console.log(`${cases.length} lies of ${rows.size} rows on ${Object.keys(days).length} days as WebAssembly, ${failed.length} failed`);
process.exitCode = complete && failed.length === 0 ? 0 : 1;
