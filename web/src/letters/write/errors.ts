// Why a letter can't go out as it stands, for the summary above the form and the sentence under the field.

import { sentence } from "../../app/problems.ts";
import { m } from "../../paraglide/messages.js";
import type { FieldError } from "../../parts/ErrorSummary.svelte";
import { shownAddress } from "../../parts/shown_address.ts";
import { LIMITS } from "../../worker/types.ts";
import { charactersOver, numeral, octetsOver } from "./lengths.ts";
import { addressOf, PLACES, type Recipients } from "./recipients.svelte.ts";
import type { WritingLetter } from "./writing.svelte.ts";

/** The ids of the fields. */
export const FIELDS = { to: "write-to", cc: "write-cc", bcc: "write-bcc", subject: "write-subject", text: "write-text", files: "write-files" } as const;

export interface WritingError extends FieldError {
  /** Said while one writes; the others wait for the press on Send. */
  atOnce?: true;
}

export function errorsOf({ recipients, subject, text, level, files }: WritingLetter): WritingError[] {
  const errors: WritingError[] = errorsAmong(recipients);
  // They have a phone to be proved by, and nothing else.
  if (recipients.invited.length > 0 && level !== null && level !== "phone") errors.push({ field: FIELDS.to, text: m["error.level_for_invited"](), atOnce: true });
  const subjectOver = octetsOver(subject, LIMITS.subject);
  const textOver = charactersOver(text, LIMITS.text);
  if (subject.trim() === "") errors.push({ field: FIELDS.subject, text: m["error.no_subject"]() });
  if (subjectOver > 0) errors.push({ field: FIELDS.subject, text: m["error.subject_too_long"]({ count: subjectOver }), atOnce: true });
  if (textOver > 0) errors.push({ field: FIELDS.text, text: tooLong(textOver), atOnce: true });
  const inTheWay = files?.inTheWay.length ?? 0;
  if (inTheWay > 0) errors.push({ field: FIELDS.files, text: m["error.files_in_the_way"]({ count: inTheWay }) });
  return errors;
}

function errorsAmong(recipients: Recipients): WritingError[] {
  const { unreached: strangers } = recipients;
  const invited = recipients.invited.map(({ chip }) => chip.key);
  const errors: WritingError[] = [];
  for (const chip of recipients.refused) {
    if (invited.includes(chip.key) || (strangers.length > 1 && strangers.includes(chip))) continue;
    const address = addressOf(chip);
    errors.push({ field: `${FIELDS[chip.place]}-${chip.key}`, text: naming(shownAddress(address), sentence({ ...chip.problem, address: shownAddress(address) })) });
  }
  if (strangers.length > 1) errors.push({ field: FIELDS.to, text: m["error.strangers"]({ count: strangers.length }) });
  for (const place of PLACES) {
    const typed = recipients.boxes[place].trim();
    if (typed !== "") errors.push({ field: FIELDS[place], text: m["error.not_an_address"]({ typed }) });
  }
  const boxes = PLACES.some((place) => recipients.boxes[place].trim() !== "");
  if (recipients.chips.length === 0 && !boxes) errors.push({ field: FIELDS.to, text: m["error.no_recipient"]() });
  if (recipients.chips.length > 0 && recipients.named.length === 0) errors.push({ field: FIELDS.to, text: m["error.only_bcc"]() });
  const over = recipients.chips.length - LIMITS.recipients;
  if (over > 0) errors.push({ field: FIELDS.to, text: m["error.too_many_recipients"]({ limit: LIMITS.recipients, over }), atOnce: true });
  return errors;
}

function tooLong(over: number): string {
  return m["error.text_too_long"]({ limit: numeral(LIMITS.text), over: numeral(over) });
}

/** Some sentences name the address themselves. */
function naming(typed: string, why: string): string {
  return why.includes(typed) ? why : m["error.of"]({ typed, why });
}
