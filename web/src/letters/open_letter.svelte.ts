// One letter being opened: nothing of it is shown before the vault has verified it as a whole.

import { type mailbox, problemIn } from "../worker/index.ts";
import type { Letter, Problem } from "../worker/types.ts";

type Vault = Pick<typeof mailbox, "call">;

export type Opening =
  | { state: "checking" }
  | { state: "open"; letter: Letter }
  /** The vault refused it: nothing of it is shown. */
  | { state: "damaged"; problem: Problem }
  | { state: "missing" }
  /** The server, the network or this device did not do its part. */
  | { state: "failed"; problem: Problem };

export class OpenLetter {
  readonly id: string;
  opening = $state.raw<Opening>({ state: "checking" });
  readonly #vault: Vault;

  constructor(vault: Vault, id: string) {
    this.#vault = vault;
    this.id = id;
  }

  /** Opens it, which marks it as read and sends the signed receipt. */
  async read(): Promise<void> {
    this.opening = await this.#read("read");
  }

  /**
   * Something changed: an answer, a receipt, an erasure. What is open stays until the new is verified. It is not marked as read
   * once more, unless it could not be: whoever marked it as unread elsewhere meant it.
   */
  async refresh(): Promise<void> {
    const { opening: before } = this;
    const isMarked = before.state === "open" && !before.letter.warnings.some(({ type }) => type === "not-marked");
    const opening = await this.#read(isMarked ? "look_again" : "read");
    if (opening.state !== "failed" && !this.#isOpenStill(opening)) this.opening = this.#asItWasOpened(opening);
  }

  /** Who was let to read it goes on reading: a proof that is old by now is asked for when it is opened the next time. */
  #isOpenStill(opening: Opening): boolean {
    return this.opening.state === "open" && opening.state === "damaged" && opening.problem.name === "level-required";
  }

  /** Opening a letter makes its key known. Whoever is reading was told that it is new, and that must not vanish. */
  #asItWasOpened(opening: Opening): Opening {
    if (this.opening.state !== "open" || opening.state !== "open") return opening;
    const { from } = opening.letter;
    if (this.opening.letter.from.standing !== "new" || from.standing !== "known") return opening;
    return { state: "open", letter: { ...opening.letter, from: { ...from, standing: "new" } } };
  }

  async #read(how: "read" | "look_again"): Promise<Opening> {
    try {
      return { state: "open", letter: await this.#vault.call(how, { id: this.id }) };
    } catch (failed) {
      return unopened(problemIn(failed));
    }
  }
}

function unopened(problem: Problem): Opening {
  // The vault's word for a letter that is not shown is its class; `level-required` is the one that can be put right.
  if (problem.class === "damaged" || problem.name === "level-required") {
    return { state: "damaged", problem };
  }
  // It was here, and its sender took it back: that is no old link.
  if (problem.name === "withdrawn") return { state: "failed", problem };
  return problem.class === "notfound" ? { state: "missing" } : { state: "failed", problem };
}
