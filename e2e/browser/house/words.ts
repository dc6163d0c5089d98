// The page's own words, from the catalogues that it is built from: a test says which sentence, the language says how.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import project from "../../../web/project.inlang/settings.json" with { type: "json" };
import type attachments from "../../../web/messages/sv/attachments.json";
import type common from "../../../web/messages/sv/common.json";
import type contacts from "../../../web/messages/sv/contacts.json";
import type letters from "../../../web/messages/sv/letters.json";
import type settings from "../../../web/messages/sv/settings.json";
import type solo from "../../../web/messages/sv/solo.json";

export type Language = "sv" | "en";
export type Sentence = keyof (typeof attachments & typeof common & typeof solo & typeof letters & typeof contacts & typeof settings);
/** Says a sentence of the page. */
export type Words = (sentence: Sentence, inputs?: Inputs) => string;

type Variants = [{ declarations: string[]; match: Record<string, string> }];
type Inputs = Record<string, string | number>;
type Catalogue = Partial<Record<string, string | Variants>>;

const WEB = join(import.meta.dirname, "../../../web");

export function words(language: Language): Words {
  const parts = project["plugin.inlang.messageFormat"].pathPattern.map((pattern) => {
    return JSON.parse(readFileSync(join(WEB, pattern.replace("{locale}", language)), "utf8")) as Catalogue;
  });
  const catalogue: Catalogue = Object.assign({}, ...parts);
  const plural = new Intl.PluralRules(language);
  return (sentence, inputs = {}) => {
    const entry = catalogue[sentence];
    if (entry === undefined) throw new Error(`no words for ${sentence}`);
    const pattern = typeof entry === "string" ? entry : variant(entry[0].match, inputs, plural);
    const known = typeof entry === "string" ? inputs : { ...inputs, ...numbers(entry[0].declarations, inputs, language) };
    return pattern
      .replace(/\{[#/][\w]+\/?\}/g, "")
      .replace(/\{(\w+)\}/g, (_, name: string) => String(known[name] ?? missing(sentence, name)));
  };
}

/** What is declared as `local shown = count: number`. */
function numbers(declarations: string[], inputs: Inputs, language: Language): Inputs {
  const written = new Intl.NumberFormat(language);
  return Object.fromEntries(
    declarations
      .map((declaration) => /^local (\w+) = (\w+): number$/.exec(declaration))
      .filter((found) => found !== null)
      .map(([, name = "", input = ""]) => [name, written.format(Number(inputs[input] ?? 0))]),
  );
}

/** The variant whose every condition holds: plurals by the count, anything else by the input itself. */
function variant(match: Record<string, string>, inputs: Inputs, plural: Intl.PluralRules): string {
  const count = Number(inputs.count ?? 0);
  for (const [conditions, pattern] of Object.entries(match)) {
    const holds = conditions.split(",").every((condition) => {
      const [name = "", wanted] = condition.trim().split("=");
      return wanted === "*" || wanted === (inputs[name] === undefined ? plural.select(count) : String(inputs[name]));
    });
    if (holds) return pattern;
  }
  throw new Error(`no variant fits: ${Object.keys(match).join(" | ")}`);
}

function missing(sentence: string, name: string): never {
  throw new Error(`${sentence} needs ${name}`);
}
