// How the page speaks (GUIDE "Words"): what no sentence may say, and that every sentence is said.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** By language: what it is, and what to say instead. */
const FORBIDDEN = {
  sv: [
    [/!/, "no exclamation marks"],
    [/'/, "the apostrophe is ’"],
    [/[\p{Extended_Pictographic}]/u, "no emoji"],
    [/\bogiltig/i, "say what is wrong: \"stämmer inte\", \"är inte en hel adress\""],
    [/\bvänligen\b/i, "say what to do, without pleading"],
    [/fel uppstod|uppstod ett fel/i, "say what happened"],
    [/\bverifierad|\bbetrodd/i, "\"underskriften stämmer\", \"jämförd\""],
    [/\båterkall/i, "\"dra tillbaka\""],
    [/\bladda ner\b/i, "\"hämta\""],
    [/\bfingeravtryck/i, "\"jämför nycklar\", \"kännetecken\""],
    [/\b(token|2FA|MFA|admin\w*|certificate mismatch)\b/i, "the glossary has a Swedish word"],
  ],
  en: [
    [/!/, "no exclamation marks"],
    [/'/, "the apostrophe is ’"],
    [/[\p{Extended_Pictographic}]/u, "no emoji"],
    [/\binvalid\b/i, "say what is wrong"],
    [/\bplease\b/i, "say what to do, without pleading"],
    [/error occurred/i, "say what happened"],
    [/\b(verified|trusted) (key|signature)/i, "\"the signature holds\", \"compared\""],
    [/\brecall\b/i, "\"withdraw\""],
    [/\b(token|2FA|MFA|admin\w*|seed)\b/i, "the glossary has another word"],
  ],
};

/** `catalogues`: language, file and messages of each. */
export function wordFaults(root, catalogues) {
  const said = sentencesSaid(join(root, "src"));
  const found = [];
  for (const { language, file, messages } of catalogues) {
    for (const [key, message] of Object.entries(messages)) {
      const where = `messages/${language}/${file}.json: ${key}`;
      if (!said.has(key)) found.push(`${where} is said nowhere`);
      for (const [rule, why] of FORBIDDEN[language]) if (rule.test(words(message))) found.push(`${where}: ${why}`);
    }
  }
  return found;
}

/** Keys are always written out, `m["folder.inbox"]`, so that the bundler can leave out the others. */
function sentencesSaid(src) {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => /\.(svelte|ts)$/.test(file) && !file.startsWith("paraglide"));
  return new Set(
    sources.flatMap((file) => [...readFileSync(join(src, file), "utf8").matchAll(/\bm\[\s*"([^"]+)"\s*\]/g)].map(([, key]) => key)),
  );
}

/** Of a sentence with plurals, every form. */
function words(message) {
  return typeof message === "string" ? message : message.flatMap(({ match }) => Object.values(match)).join("\n");
}
