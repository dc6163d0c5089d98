// How long a letter may be, counted as the limits count (PROTOCOL §9a).

import { getLocale } from "../../paraglide/runtime.js";

const IN_TWO_UNITS = /[\uD800-\uDBFF][\uDC00-\uDFFF]/g;
const octets = new TextEncoder();

/** Characters as the protocol counts them: a sign beyond the first 65,536 is one. */
export function charactersOver(text: string, limit: number): number {
  if (text.length <= limit) return 0;
  return Math.max(0, text.length - (text.match(IN_TWO_UNITS)?.length ?? 0) - limit);
}

/** How many characters have to go from the end until the octets of the rest are within the limit. */
export function octetsOver(text: string, limit: number): number {
  let over = octets.encode(text).length - limit;
  let characters = 0;
  for (const character of [...text].reverse()) {
    if (over <= 0) break;
    over -= octets.encode(character).length;
    characters += 1;
  }
  return characters;
}

/** 1 260, as each language writes it. */
export function numeral(number: number): string {
  return new Intl.NumberFormat(getLocale()).format(number);
}
