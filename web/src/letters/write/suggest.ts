import type { Correspondent } from "../../worker/types.ts";

/** More than these nobody reads. */
const AT_MOST = 6;

/** Contacts whose name or address has a word that begins with what was typed, and who are not there yet. */
export function suggest(
  contacts: readonly Correspondent[],
  typed: string,
  there: readonly string[],
): readonly Correspondent[] {
  const sought = typed.trim().toLocaleLowerCase();
  return contacts
    .filter(({ address, name }) => {
      if (there.includes(address)) return false;
      const words = [address, ...`${name ?? ""} ${address}`.split(/[\s@.\-_]+/), name ?? ""];
      return words.some((word) => word.toLocaleLowerCase().startsWith(sought));
    })
    .slice(0, AT_MOST);
}
