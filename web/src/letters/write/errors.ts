// Why a letter can't go out as it stands, for the summary above the form and the sentence under the field.

import { sentence } from "../../app/problems.ts";
import { m } from "../../paraglide/messages.js";
import type { FieldError } from "../../parts/ErrorSummary.svelte";
import type { WritingLetter } from "./writing.svelte.ts";

/** The ids of the fields. */
export const FIELDS = { to: "write-to", subject: "write-subject", text: "write-text" } as const;

export function errorsOf({ recipients, subject }: WritingLetter): FieldError[] {
  const errors = recipients.refused.map(({ key, typed, problem }) => ({
    field: `${FIELDS.to}-${key}`,
    text: naming(typed, sentence(problem)),
  }));
  if (recipients.chips.length === 0) errors.push({ field: FIELDS.to, text: m["error.no_recipient"]() });
  if (subject.trim() === "") errors.push({ field: FIELDS.subject, text: m["error.no_subject"]() });
  return errors;
}

/** Some sentences name the address themselves. */
function naming(typed: string, why: string): string {
  return why.includes(typed) ? why : m["error.of"]({ typed, why });
}
