// What neither compiler sees: `node tools/check_page.js` refuses it and says where.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { wordFaults } from "./check_words.js";

const ROOT = join(import.meta.dirname, "..");
const CATALOGUES = JSON.parse(read("project.inlang/settings.json"))["plugin.inlang.messageFormat"].pathPattern;
const GENERATED = /^(paraglide|worker\/vault)\//;

const faults = [
  ...pageFaults(),
  ...darkFaults(),
  ...guideFaults(),
  ...catalogueFaults(),
  ...wordFaults(ROOT, allCatalogues()),
];
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
  for (const pattern of CATALOGUES) {
    const name = basename(pattern, ".json");
    const [sv, en] = [catalogue("sv", pattern), catalogue("en", pattern)];
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
    CATALOGUES.map((pattern) => ({ language, file: basename(pattern, ".json"), messages: catalogue(language, pattern) })),
  );
}

function catalogue(language, pattern) {
  const { $schema: _, ...messages } = JSON.parse(read(pattern.replace("{locale}", language)));
  return messages;
}

function parameters(message) {
  const names = JSON.stringify(message).match(/(?<=\{)\w+(?=\})|(?<="input )\w+/g) ?? [];
  return [...new Set(names)].sort().join();
}

/** What the code cites is in the guide: a heading there, or a word that stands out. */
function guideFaults() {
  const parts = new Set([...read("../docs/guide.md").matchAll(/^## (.+)$|\*\*([^*]+?)\.?\*\*/gm)].map(([, heading, word]) => heading ?? word));
  return [...filesIn("src"), "tools/check_words.js"].flatMap((file) =>
    [...read(file).matchAll(/\bGUIDE "([^"]+)"/g)]
      .filter(([, part]) => !parts.has(part))
      .map(([, part]) => `${file}: docs/guide.md has no "${part}"`),
  );
}

/** The colours of the dark theme, once for those who chose it and once for those whose system did. */
function darkFaults() {
  const tokens = withoutComments(read("src/app/tokens.css"));
  const [chosen, systems] = [':root[data-theme="dark"]', ':root:not([data-theme="light"])'].map((selector) => {
    const [, declarations = ""] = tokens.split(`${selector} {`);
    return declarations.slice(0, declarations.indexOf("}")).split("\n").map((line) => line.trim()).filter(Boolean);
  });
  if (chosen.length === 0) return ["src/app/tokens.css: there is no dark block"];
  const alone = [...chosen.filter((line) => !systems.includes(line)), ...systems.filter((line) => !chosen.includes(line))];
  return alone.map((line) => `src/app/tokens.css: ${line} stands in one of the two dark blocks only`);
}

function read(file) {
  return readFileSync(join(ROOT, file), "utf8");
}
