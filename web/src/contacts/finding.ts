// Whom somebody means who types a part of a name or an address.
import type { Correspondent } from "../worker/types.ts";

/** Letters that are one with their stroke. */
const PLAIN: Readonly<Record<string, string>> = { ø: "o", đ: "d", ð: "d", ł: "l", æ: "ae", œ: "oe", ß: "ss", þ: "th" };

/** Those whose name or address has a word that begins with what was typed. */
export function found(contacts: readonly Correspondent[], typed: string): Correspondent[] {
  const sought = folded(typed.trim());
  return contacts.filter(({ address, name }) => {
    const words = [address, ...`${name ?? ""} ${address}`.split(/[\s@.\-_]+/), name ?? ""];
    return words.some((word) => folded(word).startsWith(sought));
  });
}

/** As whoever has no such keys types it: without case, accents and strokes. */
function folded(text: string): string {
  const bare = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return bare.replace(/[øđðłæœßþ]/g, (letter) => PLAIN[letter] ?? letter);
}

/** Where one of them is shown. The address stands in the fragment only. */
export function contactHref(address: string): string {
  return `/contacts#${encodeURIComponent(address)}`;
}
