// When a letter goes from the trash by itself, in words.

import { m } from "../paraglide/messages.js";
import type { Timestamp } from "../worker/types.ts";

const DAY = 24 * 60 * 60 * 1000;

export function erasedIn(erased: Timestamp): string {
  const days = Math.ceil((new Date(erased).getTime() - Date.now()) / DAY);
  return days > 0 ? m["tag.erased_in"]({ count: days }) : m["tag.erased_today"]();
}
