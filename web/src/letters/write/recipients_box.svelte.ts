// The box that recipients are typed into: what stands in it, whom that suggests, and when it becomes somebody.

import type { Correspondent } from "../../worker/types.ts";
import { isWhole, understood } from "./addresses.ts";
import type { Chip, Place, Recipients } from "./recipients.svelte.ts";
import { suggest } from "./suggest.ts";

export class RecipientsBox {
  contacts = $state.raw<readonly Correspondent[]>([]);
  open = $state(false);
  /** The suggestion that Enter would take; none at first, so that what was typed wins. */
  active = $state(-1);
  /** What stands here was to be a recipient, and is nobody's address. */
  unknown = $state(false);
  readonly #recipients: Recipients;
  readonly #place: Place;
  readonly #changed: () => void;
  readonly #looked: (chip: Chip) => void;

  constructor(recipients: Recipients, place: Place, changed: () => void, looked: (chip: Chip) => void) {
    this.#recipients = recipients;
    this.#place = place;
    this.#changed = changed;
    this.#looked = looked;
  }

  get typed(): string {
    return this.#recipients.boxes[this.#place];
  }

  suggested = $derived.by(() => suggest(this.contacts, this.typed, this.#recipients.addresses));
  shown = $derived(this.open && this.suggested.length > 0);

  type(typed: string): void {
    this.#recipients.boxes[this.#place] = typed;
    this.unknown = false;
    this.active = -1;
    if (/@.*[,;]\s*$/.test(typed)) return this.take();
    this.open = typed.trim() !== "";
    this.#changed();
  }

  /** The addresses in the box become chips. A name stays where it is. */
  take(): void {
    const { addresses, rest } = understood(this.typed);
    this.open = false;
    this.#add(addresses, rest);
  }

  /** The suggestion that was moved to, or else what was typed. */
  enter(): void {
    const who = this.suggested[this.active];
    if (this.shown && who) return this.choose(who);
    this.take();
    this.unknown = this.open = this.typed.trim() !== "";
  }

  choose({ address }: Correspondent): void {
    this.open = this.unknown = false;
    this.#add([address], "");
  }

  /** Takes what was pasted if it is whole addresses; says whether it did. */
  paste(text: string): boolean {
    const { addresses, rest } = understood(text);
    if (this.typed.trim() !== "" || addresses.length === 0 || !addresses.every(isWhole)) return false;
    this.#add(addresses, rest);
    return true;
  }

  move(by: 1 | -1): void {
    this.open = true;
    const count = this.suggested.length;
    if (count > 0) this.active = (this.active + by + (this.active === -1 && by === -1 ? 1 : 0) + count) % count;
  }

  #add(addresses: readonly string[], rest: string): void {
    this.active = -1;
    if (addresses.length === 0) return;
    this.#recipients.boxes[this.#place] = rest;
    this.#changed();
    void this.#recipients.add(this.#place, addresses).then((looked) => {
      this.#changed();
      looked.forEach(this.#looked);
    });
  }
}
