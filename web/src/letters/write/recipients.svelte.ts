// To whom a letter goes: what was typed, and what the directory said of it. Nobody is written to who was not looked up
// and shown (PROTOCOL §1, "You know whom you write to").

import { m } from "../../paraglide/messages.js";
import { calledBy } from "../names.ts";
import { type mailbox, problemIn } from "../../worker/index.ts";
import type { Correspondent, Invited, Problem } from "../../worker/types.ts";

type Vault = Pick<typeof mailbox, "call">;

/** Which header names them. */
export type Place = "to" | "cc" | "bcc";
export const PLACES: readonly Place[] = ["to", "cc", "bcc"];

export type Chip = { readonly key: number; readonly place: Place; readonly typed: string } & (
  | { readonly state: "looking" }
  | { readonly state: "found"; readonly who: Correspondent }
  /** The network is away: they are looked up when it is back, and the letter waits for that. */
  | { readonly state: "waiting" }
  | { readonly state: "refused"; readonly problem: Problem }
);

/** Somebody who has no mailbox and is written to all the same. */
export type InvitedChip = { readonly chip: Chip } & Omit<Invited, "language">;

export class Recipients {
  chips = $state.raw<readonly Chip[]>([]);
  /** What stands in each box, and is nobody yet. */
  boxes = $state<Record<Place, string>>({ to: "", cc: "", bcc: "" });
  /** The mobile numbers of those who have no mailbox and are written to all the same, by address. */
  phones = $state<Record<string, string>>({});
  /** Those of them, by address, to whom their writer hands the link: the server never has it. */
  handed = $state<Record<string, boolean>>({});
  /** What was agreed on with those of them who open the letter by words too, by address. */
  passphrases = $state<Record<string, string>>({});
  /** Whether each gets a letter of their own. */
  each = $state(false);
  readonly #vault: Vault;
  #nextKey = 0;
  readonly #looking = new Set<Promise<unknown>>();

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

  /** Those who have no mailbox here. */
  get strangers(): Extract<Chip, { state: "refused" }>[] {
    return this.refused.filter(({ problem }) => problem.name === "no-account");
  }

  /** Those of them who are written to all the same: they read by a link and a code to their phone. */
  get invited(): InvitedChip[] {
    return this.strangers.flatMap((chip) => this.#invited(chip));
  }

  /** What a draft keeps of them: also while nobody can be looked up. */
  get toInvite(): InvitedChip[] {
    return this.chips.filter(({ state }) => state !== "found").flatMap((chip) => this.#invited(chip));
  }

  #invited(chip: Chip): InvitedChip[] {
    const [address, phone] = [addressOf(chip), this.phones[addressOf(chip)] ?? ""];
    const passphrase = this.passphrases[address] || null;
    return phone === "" ? [] : [{ chip, address, phone, mailed: !this.handed[address], passphrase }];
  }

  /** Whether a link is to be shown to whoever writes, once the letter is sealed. */
  get handsOver(): boolean {
    return this.invited.some(({ mailed }) => !mailed);
  }

  /** Those of them who can't be written to yet. */
  get unreached(): Extract<Chip, { state: "refused" }>[] {
    return this.strangers.filter((chip) => (this.phones[addressOf(chip)] ?? "") === "");
  }

  get waiting(): Chip[] {
    return this.chips.filter(({ state }) => state === "waiting");
  }

  get addresses(): string[] {
    return this.chips.map(addressOf);
  }

  /** Those whom a header names, so that the others see them. */
  get named(): Chip[] {
    return this.chips.filter(({ place }) => place !== "bcc");
  }

  in(place: Place): Chip[] {
    return this.chips.filter((chip) => chip.place === place);
  }

  /** What a draft keeps: the addresses as they were understood, and whatever was typed in their place. */
  typed(place: Place): string[] {
    const box = this.boxes[place].trim();
    return [...this.in(place).map(addressOf), ...(box === "" ? [] : [box])];
  }

  /** Goes on with what a draft kept. A name is never a chip: it stands in the box, as it was left. */
  begin(place: Place, kept: readonly string[]): void {
    this.boxes[place] = kept.filter((one) => !one.includes("@")).join("; ");
    void this.add(place, kept.filter((one) => one.includes("@")));
  }

  /** Adds whom nobody added yet, and says what the directory said of them. */
  async add(place: Place, typed: readonly string[]): Promise<readonly Chip[]> {
    const fresh = typed.filter((one) => !this.chips.some((chip) => chip.typed === one || addressOf(chip) === one));
    return await Promise.all(fresh.map((one) => this.#look({ key: this.#nextKey++, place, typed: one, state: "looking" })));
  }

  remove(...keys: number[]): void {
    this.chips = this.chips.filter((chip) => !keys.includes(chip.key));
  }

  /** Where each gets a letter of their own there are no copies: all of them are whom it is to. */
  sendToEach(each: boolean): void {
    this.each = each;
    if (!each) return;
    this.chips = this.chips.map((chip) => ({ ...chip, place: "to" }));
    this.boxes = { to: PLACES.map((place) => this.boxes[place].trim()).filter((typed) => typed !== "").join("; "), cc: "", bcc: "" };
  }

  /** Looks up again whom the network or a changed key kept away. */
  lookAgain(): void {
    for (const chip of [...this.waiting, ...this.refused]) void this.#look({ ...chip, state: "looking" });
  }

  /** Looks everybody up again: the directory has told the vault something else since. */
  lookEverybodyUp(): void {
    for (const chip of this.chips) void this.#look({ ...chip, state: "looking" });
  }

  /** Looks up again whom the server was asked about. */
  async lookUpAgain(address: string): Promise<void> {
    const chips = this.chips.filter((chip) => addressOf(chip) === address);
    await Promise.all(chips.map((chip) => this.#look({ ...chip, state: "looking" })));
  }

  /** Something that was typed is being read: whoever sends waits for it. */
  reads(reading: Promise<unknown>): void {
    const read = reading.catch(() => undefined).finally(() => this.#looking.delete(read));
    this.#looking.add(read);
  }

  /** When everybody was looked up, and every number read. */
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

  async #lookUp({ key, place, typed }: Chip): Promise<Chip> {
    const chip = { key, place, typed };
    try {
      return { ...chip, state: "found", who: await this.#vault.call("look_up", { address: typed }) };
    } catch (failed) {
      const problem = problemIn(failed);
      return problem.class === "unavailable" ? { ...chip, state: "waiting" } : { ...chip, state: "refused", problem };
    }
  }

  #put(chip: Chip): void {
    const at = this.chips.findIndex((known) => known.key === chip.key);
    if (at === -1) {
      // Removed while it was looked up.
      if (chip.state === "looking") this.chips = [...this.chips, chip];
      return;
    }
    // Where it stands may have changed while it was looked up.
    const there = { ...chip, place: this.chips[at]?.place ?? chip.place };
    const twice = this.chips.some((known) => known.key !== chip.key && addressOf(known) === addressOf(chip));
    this.chips = twice ? this.chips.toSpliced(at, 1) : this.chips.with(at, there);
  }
}

/** As it was understood, where it was. */
export function addressOf(chip: Chip): string {
  switch (chip.state) {
    case "found":
      return chip.who.address;
    case "refused":
      return chip.problem.address ?? chip.typed;
    case "looking":
    case "waiting":
      return chip.typed;
  }
}

/** On the chip; the whole sentence stands under the field when it is sent. */
export function refusedInShort({ name }: Problem): string {
  switch (name) {
    case "not-an-address":
      return m["chip.not_an_address"]();
    case "no-account":
      return m["chip.no_account"]();
    case "key-changed":
      return m["key.changed"]();
    case "digits-differ":
      return m["key.differs"]();
    case "number-differs":
      return m["chip.number_differs"]();
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
    case "waiting":
      return `${chip.typed}: ${m["chip.not_now"]()}`;
    case "refused":
      return `${addressOf(chip)}: ${refusedInShort(chip.problem)}`;
  }
}
