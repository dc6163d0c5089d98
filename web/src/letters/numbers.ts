import { getLocale } from "../paraglide/runtime.js";

/** 1 260 in Swedish, 1,260 in English. */
export function thousands(count: number): string {
  return new Intl.NumberFormat(getLocale() === "sv" ? "sv-SE" : "en-GB").format(count);
}
