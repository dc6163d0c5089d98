// What became of sent letters. Asked for one at a time, for the letters that are looked at, and again when something changed.

import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";

import { type mailbox, problemIn } from "../worker/index.ts";
import type { Delivery, Ending, Level, Timestamp } from "../worker/types.ts";

type Vault = Pick<typeof mailbox, "call">;

/** What one tag says of all readers of a letter. */
export type Fate =
  | { kind: "read"; at: Timestamp; level: Level | null }
  | { kind: "some-read"; read: number; readers: number }
  | { kind: "ended"; ending: Ending }
  | { kind: "wrong-number" }
  | { kind: "proved" }
  | { kind: "code-refused" }
  | { kind: "code-sent" }
  | { kind: "notified" }
  | { kind: "delivered" }
  | { kind: "notice-refused" }
  | { kind: "receipt-refused" };

export class Told {
  readonly #vault: Vault;
  readonly #known = new SvelteMap<string, readonly Delivery[]>();
  /** What is looked at now. */
  #looked: readonly string[] = [];
  readonly #wanted = new Set<string>();
  #asking = false;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** As it was known last. */
  of(id: string): readonly Delivery[] | undefined {
    return this.#known.get(id);
  }

  /** These letters are looked at now, and no others. */
  look(ids: readonly string[]): void {
    this.#looked = ids;
    this.#wanted.clear();
    for (const id of ids) if (!untrack(() => this.#known.has(id))) this.#wanted.add(id);
    void this.#ask();
  }

  /** Something changed. What was known stays until the answer is here. */
  askAgain(): void {
    for (const id of [...this.#known.keys()]) if (!this.#looked.includes(id)) this.#known.delete(id);
    for (const id of this.#looked) this.#wanted.add(id);
    void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    for (const id of this.#wanted) {
      this.#wanted.delete(id);
      try {
        this.#known.set(id, await this.#vault.call("told", { id }));
      } catch (failed) {
        // A list without tags is whole without them; the letter itself says what went wrong.
        problemIn(failed);
      }
    }
    this.#asking = false;
  }
}

export function fateOf(deliveries: readonly Delivery[]): Fate | undefined {
  const [first] = deliveries;
  if (!first) return undefined;
  if (deliveries.some((delivery) => delivery.receipt_refused)) return { kind: "receipt-refused" };
  if (deliveries.some((delivery) => delivery.ended?.ending === "declined")) return { kind: "ended", ending: "declined" };
  if (deliveries.some(hasWrongNumber)) return { kind: "wrong-number" };
  if (deliveries.some(({ guest, ended }) => guest?.code_refused && !ended)) return { kind: "code-refused" };
  if (deliveries.some((delivery) => delivery.notice_refused)) return { kind: "notice-refused" };
  const read = deliveries.filter((delivery) => delivery.read !== null).length;
  if (deliveries.length === 1 && first.read !== null) return { kind: "read", at: first.read, level: first.level };
  if (read > 0) return { kind: "some-read", read, readers: deliveries.length };
  if (deliveries.length === 1 && first.ended) return { kind: "ended", ending: first.ended.ending };
  if (deliveries.length === 1 && first.guest?.proved) return { kind: "proved" };
  if (deliveries.length === 1 && first.guest?.code_asked) return { kind: "code-sent" };
  return { kind: deliveries.every((delivery) => delivery.notified !== null) ? "notified" : "delivered" };
}

/** Somebody who has the link says that the phone is not theirs, and nobody has proved it. */
export function hasWrongNumber({ guest, read }: Delivery): boolean {
  return guest !== null && Boolean(guest.wrong_number) && !guest.proved && read === null;
}
