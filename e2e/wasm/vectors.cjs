// Weighs the module, and runs the vault's vectors as WebAssembly: `node vectors.cjs FOLDER`, where FOLDER is what the
// glue wrote. The files are those that the native test reads.
const { readFileSync, readdirSync } = require("node:fs");
const { basename, join, resolve } = require("node:path");
const { brotliCompressSync, constants } = require("node:zlib");

/** What a browser loads before a person sees a letter, in bytes after brotli (docs/decisions/0004). */
const LIMIT = 900_000;
const NAME = "securemailbox_e2e_wasm";
const VECTORS = join(__dirname, "../../crates/vault/vectors");

const folder = resolve(process.argv[2]);
const { runVectors } = require(join(folder, `${NAME}.js`));

let passed = 0;
let failed = 0;
for (const file of readdirSync(VECTORS).filter((name) => name.endsWith(".json")).sort()) {
  try {
    const agreed = runVectors(basename(file, ".json"), readFileSync(join(VECTORS, file), "utf8"));
    console.log(`${agreed} vectors of ${file} as WebAssembly ... ok`);
    passed += 1;
  } catch (error) {
    console.log(`vectors of ${file} as WebAssembly ... FAILED: ${error}`);
    failed += 1;
  }
}

const bytes = readFileSync(join(folder, `${NAME}_bg.wasm`));
const brotli = brotliCompressSync(bytes, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
}).length;
console.log(`module: ${bytes.length} bytes, ${brotli} after brotli, ${LIMIT} allowed`);
if (brotli > LIMIT) {
  console.log("The module is too large: find out what fills it.");
  failed += 1;
}
if (passed === 0) {
  console.log("No vectors were found.");
  failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
