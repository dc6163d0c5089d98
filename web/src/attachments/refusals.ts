// Which files a letter does not take, and why. They never become rows (GUIDE "Attachments").

import { m } from "../paraglide/messages.js";
import { within } from "../letters/names.ts";
import { numeral } from "../letters/write/lengths.ts";
import { shownName } from "./file_names.ts";
import { sizeWords } from "./sizes.ts";

/** Rows of a manifest (PROTOCOL §3). */
export const MOST_FILES = 100;

export type Refusal =
  | { why: "too-large"; name: string; size: number; largest: number }
  | { why: "nameless"; size: number }
  | { why: "too-many"; name: string }
  /** It lay in a folder that was dropped, and could not be read. */
  | { why: "unreadable"; name: string };

/** What it is, why it was refused, and what to do. */
export function refusalWords(refusal: Refusal): string {
  switch (refusal.why) {
    case "too-large":
      return m["files.refused_large"]({ name: named(refusal), size: sizeWords(refusal.size), limit: sizeWords(refusal.largest) });
    case "nameless":
      return m["files.refused_nameless"]({ size: sizeWords(refusal.size) });
    case "too-many":
      return m["files.refused_many"]({ name: named(refusal), limit: numeral(MOST_FILES) });
    case "unreadable":
      return m["files.refused_unreadable"]({ name: named(refusal) });
  }
}

function named({ name }: { name: string }): string {
  return within(shownName(name));
}
