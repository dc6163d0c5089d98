import { found } from "../../contacts/finding.ts";
import type { Correspondent } from "../../worker/types.ts";

/** More than these nobody reads. */
const AT_MOST = 6;

/** Contacts that what was typed may mean, and who are not there yet. */
export function suggest(
  contacts: readonly Correspondent[],
  typed: string,
  there: readonly string[],
): readonly Correspondent[] {
  return found(contacts.filter(({ address }) => !there.includes(address)), typed).slice(0, AT_MOST);
}
