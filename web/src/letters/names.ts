// What people in a letter are called. A name is a claim, an address is bound to a key (GUIDE "Names", PROTOCOL §3).
// Whether a name may stand alone is decided in Rust; here it is only obeyed.

import { m } from "../paraglide/messages.js";
import { shownAddress } from "../parts/shown_address.ts";
import { getLocale } from "../paraglide/runtime.js";
import type { Correspondent, Letter, Summary } from "../worker/types.ts";

/** The name, where it may stand without the address. */
export function nameAlone(who: Correspondent): string | null {
  return who.name_may_stand_alone ? who.name : null;
}

/** In one line, with nothing beside it. */
export function calledBy(who: Correspondent): string {
  return within(nameAlone(who) ?? shownAddress(who.address));
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** For somebody's words in a sentence of ours: words from right to left turn nothing around them (UAX 9 §2.4.2). */
export function within(words: string): string {
  return RIGHT_TO_LEFT.test(words) ? `\u2068${words}\u2069` : words;
}

/** The address, where the name that was shown does not suffice. */
export function addressBeside(who: Correspondent): string | undefined {
  return who.name !== null && !who.name_may_stand_alone ? shownAddress(who.address) : undefined;
}

/** Several people in a sentence: Maria Öberg, Karin Åström och du. */
export function enumerate(names: readonly string[]): string {
  return new Intl.ListFormat(getLocale(), { type: "conjunction" }).format(names);
}

/** Those a letter is to, in a sentence: dig, Maria Öberg och Karin Åström. */
export function addressed(readers: readonly Correspondent[]): string {
  return enumerate(readers.map((reader) => (reader.standing === "own" ? m["name.you_object"]() : calledBy(reader))));
}

/** Those a letter in a list is to: Maria Öberg, Karin Åström och 3 till. */
export function readersOf({ to, more_readers }: Summary): string {
  const names = to.map(calledBy).join(", ");
  return more_readers > 0 ? m["list.more_readers"]({ names, count: more_readers }) : names;
}

/** Everybody but oneself who can read a letter, as far as one knows: its sender and its readers, each once. */
export function readersBesides(letter: Pick<Letter, "from" | "to" | "bcc">): Correspondent[] {
  const all = [letter.from, ...letter.to, ...letter.bcc].filter((reader) => reader.standing !== "own");
  return all.filter((reader, index) => all.findIndex(({ address }) => address === reader.address) === index);
}

/** Where the keys of somebody are compared, or a changed one is accepted. The address stands in the fragment only. */
export function compareHref(address: string): string {
  return `/compare#${encodeURIComponent(address)}`;
}
