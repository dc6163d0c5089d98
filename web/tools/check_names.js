// Names that Rust gives and the page has words for. They are read out of the sources; a source in which none is found any
// more is a fault too, since it was written otherwise and nothing of it is compared.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export function nameFaults(root) {
  return [...problemFaults(root), ...warningFaults(root)];
}

/** Every problem that the server, the client or a Worker can name has a sentence. */
function problemFaults(root) {
  const sentences = read(root, "src/app/problems.ts");
  const sources = [
    [["../crates/protocol/src/problems.rs"], /^ +\w+ "([a-z-]+)" \d{3} /gm],
    [["../crates/client/src/letters/damage.rs"], /=> "([a-z-]+)",/g],
    [filesIn(root, "../crates/client/src", ".rs"), /explained\(\s*"([a-z-]+)"/g],
    [filesIn(root, "../crates/client-web/src", ".rs"), /refused\(\s*"([a-z-]+)"/g],
    [filesIn(root, "../crates/client-web/src", ".rs"), /named\(\s*"([a-z-]+)"/g],
    [filesIn(root, "src/worker", ".ts"), /\bname: "([a-z-]+)"/g],
  ];
  return sources.flatMap(([files, pattern]) => {
    const names = namesIn(root, files, pattern);
    if (names.length === 0) return [nothingFound(files, pattern)];
    const unsaid = names.filter((name) => !new RegExp(`["\\s]${name}"?: `).test(sentences));
    return unsaid.map((name) => `src/app/problems.ts: no sentence for ${name} (${pattern})`);
  });
}

/** What a reader is warned of, and what is shown as a warning, are the same. */
function warningFaults(root) {
  const [given, shown] = [
    ["../crates/client/src/letters/read.rs", /\bSelf::\w+(?:\(_\))? => "([a-z-]+)",/g],
    ["src/letters/LetterWarnings.svelte", /\bname === "([a-z-]+)"/g],
  ].map(([file, pattern]) => ({ file, pattern, names: namesIn(root, [file], pattern) }));
  return [
    ...[given, shown].filter(({ names }) => names.length === 0).map(({ file, pattern }) => nothingFound([file], pattern)),
    ...given.names.filter((name) => !shown.names.includes(name)).map((name) => `${shown.file}: no words for ${name}`),
    ...shown.names.filter((name) => !given.names.includes(name)).map((name) => `${shown.file}: nothing warns of ${name}`),
  ];
}

function nothingFound([first], pattern) {
  return `${first}: nothing there reads ${pattern} any more`;
}

function namesIn(root, files, pattern) {
  const found = files.flatMap((file) => [...read(root, file).matchAll(pattern)].map(([, name]) => name));
  return [...new Set(found)];
}

function filesIn(root, folder, ending) {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending) && !file.startsWith("vault"))
    .map((file) => join(folder, file));
}

function read(root, file) {
  return readFileSync(join(root, file), "utf8");
}
