// The page's sentences, in the language a test asks for.
import { overwriteGetLocale } from "../../../web/src/paraglide/runtime.js";
import type { Language } from "../house/words.ts";

export function inLanguage(language: Language): void {
  overwriteGetLocale(() => language);
}
