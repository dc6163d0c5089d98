// To whom a letter goes: what was typed, and what the directory said of it. Nobody is written to who was not looked up
// and shown (PROTOCOL §1, "You know whom you write to").

import { m } from "../../paraglide/messages.js";
import { calledBy } from "../names.ts";
import { type mailbox, problemIn } from "../../worker/index.ts";
import type { Correspondent, Problem } from "../../worker/types.ts";

type Vault = Pick<typeof mailbox, "call">;

export type Chip = { readonly key: number; readonly typed: string } & (
  | { readonly state: "looking" }
  | { readonly state: "found"; readonly who: Correspondent }
  | { readonly state: "refused"; readonly problem: Problem }
);

export class Recipients {
  chips = $state.raw<readonly Chip[]>([]);
  readonly #vault: Vault;
  #nextKey = 0;
  readonly #looking = new Set<Promise<Chip>>();

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  // Getters: a letter outlives the page it was begun on, by an undo or in the outbox, and a `$derived` would die with that.
  get found(): Correspondent[] {
    return this.chips.flatMap((chip) => (chip.state === "found" ? [chip.who] : []));
  }

  get refused(): Extract<Chip, { state: "refused" }>[] {
    return this.chips.flatMap((chip) => (chip.state === "refused" ? [chip] : []));
  }

  /** What a draft keeps: the address as it was understood, or whatever was typed in its place. */
  get addresses(): string[] {
    return this.chips.map(addressOf);
  }

  /** Adds whom nobody added yet, and says what the directory said of them. */
  async add(typed: readonly string[]): Promise<readonly Chip[]> {
    const fresh = typed.filter(
      (one) => !this.chips.some((chip) => chip.typed === one || addressOf(chip) === one),
    );
    return await Promise.all(fresh.map((one) => this.#look({ key: this.#nextKey++, typed: one, state: "looking" })));
  }

  remove(key: number): void {
    this.chips = this.chips.filter((chip) => chip.key !== key);
  }

  /** Looks up again whom the network or a changed key kept away. */
  lookAgain(): void {
    for (const { key, typed } of this.refused) void this.#look({ key, typed, state: "looking" });
  }

  /** Looks everybody up again: the directory has told the vault something else since. */
  lookEverybodyUp(): void {
    for (const { key, typed } of this.chips) void this.#look({ key, typed, state: "looking" });
  }

  /** When everybody was looked up. */
  async settled(): Promise<void> {
    while (this.#looking.size > 0) await Promise.all(this.#looking);
  }

  async #look(chip: Chip): Promise<Chip> {
    this.#put(chip);
    const looking = this.#lookUp(chip);
    this.#looking.add(looking);
    const looked = await looking;
    this.#looking.delete(looking);
    this.#put(looked);
    return looked;
  }

  async #lookUp({ key, typed }: Chip): Promise<Chip> {
    try {
      const who = await this.#vault.call("look_up", { address: typed });
      return { key, typed, state: "found", who };
    } catch (failed) {
      return { key, typed, state: "refused", problem: problemIn(failed) };
    }
  }

  #put(chip: Chip): void {
    const at = this.chips.findIndex((known) => known.key === chip.key);
    if (at === -1) {
      // Removed while it was looked up.
      if (chip.state === "looking") this.chips = [...this.chips, chip];
      return;
    }
    const twice = this.chips.some((known) => known.key !== chip.key && addressOf(known) === addressOf(chip));
    this.chips = twice ? this.chips.toSpliced(at, 1) : this.chips.with(at, chip);
  }
}

function addressOf(chip: Chip): string {
  return chip.state === "found" ? chip.who.address : chip.typed;
}

/** On the chip; the whole sentence stands under the field when it is sent. */
export function refusedInShort({ name, class: tone }: Problem): string {
  if (tone === "unavailable") return m["chip.not_now"]();
  switch (name) {
    case "not-an-address":
      return m["chip.not_an_address"]();
    case "no-account":
      return m["chip.no_account"]();
    case "key-changed":
      return m["key.changed"]();
    case "digits-differ":
      return m["key.differs"]();
    default:
      return m["chip.refused"]();
  }
}

/** For a screen reader, once somebody was looked up. */
export function inWords(chip: Chip): string {
  switch (chip.state) {
    case "looking":
      return chip.typed;
    case "found": {
      const name = calledBy(chip.who);
      return chip.who.standing === "new" ? m["chip.added_new"]({ name }) : m["chip.added"]({ name });
    }
    case "refused":
      return `${chip.typed}: ${refusedInShort(chip.problem)}`;
  }
}
