// How an answer begins.

import { m } from "../../paraglide/messages.js";
import type { Draft, Letter } from "../../worker/types.ts";

/**
 * To the sender; to everybody who can read the letter, if `all`. One's own letter is followed up to its readers, by letters of
 * their own if it was one. It asks for what the letter asked for, whose words are answered.
 */
export function answerTo(letter: Letter, all: boolean): Pick<Draft, "to" | "each" | "subject" | "answers" | "level"> {
  const readers = letter.to.filter((reader) => reader.standing !== "own").map((reader) => reader.address);
  const sender = letter.from.standing === "own" ? [] : [letter.from.address];
  const to = all || sender.length === 0 ? [...sender, ...readers] : sender;
  return { to: [...new Set(to)], each: letter.each, subject: answerSubject(letter.subject), answers: letter.id, level: letter.level };
}

/** `Sv:` once, however often it went to and fro, and in whichever of the two languages. */
function answerSubject(subject: string): string {
  return /^\s*(sv|re):/i.test(subject) ? subject : m["write.answer_subject"]({ subject });
}
