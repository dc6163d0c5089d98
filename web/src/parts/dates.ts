// How times and days are written (GUIDE "Words"): 10.42 and 24 november 2026 in Swedish, 10:42 and 24 November 2026 in English.
import { getLocale } from "../paraglide/runtime.js";

const TAG = { sv: "sv-SE", en: "en-GB" } as const;

export function format(options: Intl.DateTimeFormatOptions, at: number): string {
  return new Intl.DateTimeFormat(TAG[getLocale()], options).format(at);
}

export function timeOfDay(at: number): string {
  const time = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, at);
  return getLocale() === "sv" ? time.replaceAll(":", ".") : time;
}

export function wholeDate(at: number): string {
  return format({ day: "numeric", month: "long", year: "numeric" }, at);
}
