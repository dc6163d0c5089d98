import type { Correspondent } from "../../worker/types.ts";

/** More than these nobody reads. */
const AT_MOST = 6;
/** Letters that are one with their stroke. */
const PLAIN: Readonly<Record<string, string>> = { ø: "o", đ: "d", ð: "d", ł: "l", æ: "ae", œ: "oe", ß: "ss", þ: "th" };

/** Contacts whose name or address has a word that begins with what was typed, and who are not there yet. */
export function suggest(
  contacts: readonly Correspondent[],
  typed: string,
  there: readonly string[],
): readonly Correspondent[] {
  const sought = folded(typed.trim());
  return contacts
    .filter(({ address, name }) => {
      if (there.includes(address)) return false;
      const words = [address, ...`${name ?? ""} ${address}`.split(/[\s@.\-_]+/), name ?? ""];
      return words.some((word) => folded(word).startsWith(sought));
    })
    .slice(0, AT_MOST);
}

/** As whoever has no such keys types it: without case, accents and strokes. */
function folded(text: string): string {
  const bare = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return bare.replace(/[øđðłæœßþ]/g, (letter) => PLAIN[letter] ?? letter);
}
