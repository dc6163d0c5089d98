// How this person wants the page: theme, text size, density, language, shortcuts. Kept on the device, in the clear; it says
// nothing about letters.
import { createContext } from "svelte";
import { overwriteGetLocale } from "../paraglide/runtime.js";
import type { Language } from "../worker/types.ts";

export const THEMES = ["system", "light", "dark"] as const;
export const TEXT_SIZES = ["normal", "large", "largest"] as const;
export const DENSITIES = ["airy", "compact"] as const;
export const LANGUAGES: readonly Language[] = ["sv", "en"];

export type Theme = (typeof THEMES)[number];
export type TextSize = (typeof TEXT_SIZES)[number];
export type Density = (typeof DENSITIES)[number];

interface Kept {
  theme: Theme;
  text: TextSize;
  density: Density;
  /** None: the browser's. */
  language: Language | null;
  shortcuts: boolean;
}

const KEY = "looks";

export class Looks {
  #kept = $state.raw<Kept>(kept());

  theme = $derived(this.#kept.theme);
  text = $derived(this.#kept.text);
  density = $derived(this.#kept.density);
  language = $derived(this.#kept.language ?? browserLanguage());
  shortcuts = $derived(this.#kept.shortcuts);

  constructor() {
    // Every message asks for the language when it is called, so a template that shows one follows the choice by itself.
    overwriteGetLocale(() => this.language);
    this.#show();
    addEventListener("storage", (event) => {
      if (event.key !== KEY) return;
      this.#kept = kept();
      this.#show();
    });
  }

  choose(choice: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...choice };
    this.#show();
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#kept));
    } catch {
      // The browser keeps nothing for us; the choice holds until the page is closed.
    }
  }

  #show(): void {
    const { dataset } = document.documentElement;
    document.documentElement.lang = this.language;
    put(dataset, "theme", this.theme, "system");
    put(dataset, "text", this.text, "normal");
    put(dataset, "density", this.density, "airy");
  }
}

function put(dataset: DOMStringMap, name: string, value: string, usual: string): void {
  if (value === usual) delete dataset[name];
  else dataset[name] = value;
}

function kept(): Kept {
  let raw: Partial<Record<keyof Kept, unknown>> = {};
  try {
    raw = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    // Unreadable or forbidden: the usual looks.
  }
  return {
    theme: THEMES.find((theme) => theme === raw.theme) ?? "system",
    text: TEXT_SIZES.find((size) => size === raw.text) ?? "normal",
    density: DENSITIES.find((density) => density === raw.density) ?? "airy",
    language: LANGUAGES.find((language) => language === raw.language) ?? null,
    shortcuts: raw.shortcuts !== false,
  };
}

function browserLanguage(): Language {
  for (const wanted of navigator.languages) {
    const known = LANGUAGES.find((language) => wanted.toLowerCase().split("-")[0] === language);
    if (known) return known;
  }
  return "sv";
}

export const [getLooks, setLooks] = createContext<Looks>();
