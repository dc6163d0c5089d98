// How a letter that is passed on begins: to nobody yet, with the words of the other one under a line that says whose they are,
// and asking for what that one asked for.

import { m } from "../../paraglide/messages.js";
import { timeOfDay, wholeDate } from "../../parts/dates.ts";
import type { Correspondent, Draft, Letter } from "../../worker/types.ts";

export function forwardOf(letter: Letter): Pick<Draft, "subject" | "text" | "level" | "files"> {
  const head = [
    m["write.forwarded"](),
    `${m["paper.from"]()}: ${named(letter.from)}`,
    `${m["paper.to"]()}: ${letter.to.map(named).join(", ")}`,
    `${m["paper.date"]()}: ${wholeDate(letter.date)} ${timeOfDay(letter.date)}`,
    `${m["write.subject"]()}: ${letter.subject}`,
  ];
  return { subject: forwardSubject(letter.subject), text: `\n\n${head.join("\n")}\n\n${letter.text}`, level: letter.level, files: filesOf(letter) };
}

function named({ name, address }: Correspondent): string {
  return name === null ? address : `${name} <${address}>`;
}

/** `Vb:` once, in whichever of the two languages. */
function forwardSubject(subject: string): string {
  return /^\s*(vb|fwd?):/i.test(subject) ? subject : m["write.forward_subject"]({ subject });
}

/** What is passed on lies at the server already. */
export function filesOf({ files }: Pick<Letter, "files">): Draft["files"] {
  return files.map(({ id, name, type, size }) => ({ id, name, type, size, up: true }));
}
