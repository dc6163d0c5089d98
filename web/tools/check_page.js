// What neither compiler sees: `node tools/check_page.js` refuses it and says where.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { wordFaults } from "./check_words.js";

const ROOT = join(import.meta.dirname, "..");
const CATALOGUES = ["common", "solo", "letters", "settings"];
const GENERATED = /^(paraglide|worker\/vault)\//;

const faults = [...pageFaults(), ...catalogueFaults(), ...problemFaults(), ...wordFaults(ROOT, allCatalogues())];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;

/** The content security policy refuses inline styles; colours and durations stand in tokens.css only. */
function pageFaults() {
  const forbidden = [
    [/\sstyle=["'{]/, "a style attribute: use a class or a `style:` directive"],
    [/\{@html|\.innerHTML|\.outerHTML|insertAdjacentHTML/, "HTML from a string"],
    [/console\.(log|debug|info)/, "a left-over log line"],
  ];
  const inStyle = [
    [/#[0-9a-f]{3,8}\b|\b(rgba?|hsla?|oklch|oklab|lab|lch|color)\(/i, "a colour outside tokens.css"],
    [/(?<![\w-])(black|white|red|green|blue|gr[ae]y|orange|yellow)(?![\w-])/i, "a colour outside tokens.css"],
    [/(?<![\w.-])\d*\.?\d+m?s\b/, "a duration outside tokens.css"],
  ];
  const found = [];
  for (const file of [...filesIn("src"), "index.html"]) {
    if (file.endsWith("tokens.css")) continue;
    const text = read(file);
    report(found, file, text, forbidden);
    report(found, file, stylesOf(file, text), inStyle);
  }
  return found;
}

function report(found, file, text, rules) {
  for (const [index, line] of text.split("\n").entries()) {
    for (const [rule, why] of rules) if (rule.test(line)) found.push(`${file}:${index + 1}: ${why}`);
  }
}

/** Style sheets whole; of a component its `<style>` and the paint attributes of its drawings. Other lines are left empty. */
function stylesOf(file, text) {
  if (file.endsWith(".css")) return withoutComments(text);
  if (!file.endsWith(".svelte")) return "";
  let inside = false;
  return withoutComments(
    text
      .split("\n")
      .map((line) => {
        if (line.includes("<style")) inside = true;
        if (line.includes("</style")) inside = false;
        return inside ? line : (line.match(/\b(fill|stroke|stop-color)="[^"]*"/g) ?? []).join(" ");
      })
      .join("\n"),
  );
}

function withoutComments(text) {
  return text.replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""));
}

function filesIn(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(svelte|ts|css)$/.test(file) && !GENERATED.test(file))
    .map((file) => join(folder, file));
}

/** Both languages have the same keys in the same files with the same parameters; no sentence is empty. */
function catalogueFaults() {
  const found = [];
  const seen = new Map();
  for (const name of CATALOGUES) {
    const [sv, en] = [catalogue("sv", name), catalogue("en", name)];
    for (const key of new Set([...Object.keys(sv), ...Object.keys(en)])) {
      const [swedish, english] = [sv[key], en[key]];
      const other = seen.get(key);
      if (other) found.push(`messages/*/${name}.json: ${key} stands in ${other}.json too`);
      seen.set(key, name);
      if (swedish === undefined) found.push(`messages/sv/${name}.json: ${key} is missing`);
      else if (english === undefined) found.push(`messages/en/${name}.json: ${key} is missing`);
      else if (parameters(swedish) !== parameters(english)) found.push(`messages/*/${name}.json: ${key} takes different parameters`);
      if (swedish === "" || english === "") found.push(`messages/*/${name}.json: ${key} is empty`);
    }
  }
  return found;
}

function allCatalogues() {
  return ["sv", "en"].flatMap((language) =>
    CATALOGUES.map((file) => ({ language, file, messages: catalogue(language, file) })),
  );
}

function catalogue(language, name) {
  const { $schema: _, ...messages } = JSON.parse(read(`messages/${language}/${name}.json`));
  return messages;
}

function parameters(message) {
  const names = JSON.stringify(message).match(/(?<=\{)\w+(?=\})|(?<="input )\w+/g) ?? [];
  return [...new Set(names)].sort().join();
}

/** Every problem that the server, the client or a Worker can name has a sentence. */
function problemFaults() {
  const sentences = read("src/app/problems.ts");
  const sources = [
    ["../crates/protocol/src/problems.rs", /^ +\w+ "([a-z-]+)" \d{3} /gm],
    ["../crates/client/src/letters.rs", /=> "([a-z-]+)",/g],
    ...rustIn("../crates/client/src").map((file) => [file, /explained\(\s*"([a-z-]+)"/g]),
    ...rustIn("../crates/client-web/src").map((file) => [file, /(?:refused\(|named\(|Problem \{ name:)\s*"([a-z-]+)"/g]),
    ...filesIn("src/worker").map((file) => [file, /\bname: "([a-z-]+)"/g]),
  ];
  const found = new Set();
  for (const [file, pattern] of sources) {
    for (const [, name] of read(file).matchAll(pattern)) {
      if (!new RegExp(`["\\s]${name}"?: `).test(sentences)) found.add(`src/app/problems.ts: no sentence for ${name} (${file})`);
    }
  }
  return [...found];
}

function rustIn(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".rs"))
    .map((file) => join(folder, file));
}

function read(file) {
  return readFileSync(join(ROOT, file), "utf8");
}
