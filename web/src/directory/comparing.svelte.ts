// How the key of one person stands, and what the person at the page says of it. Every rule is the Worker's; this
// remembers its last answer, and what was just done.
import { type mailbox, problemIn } from "../worker/index.ts";
import type { Comparison, Correspondent, Problem } from "../worker/types.ts";

export type Decision = "digits_match" | "digits_differ" | "accept";

/** What just happened, to be told until something else does. `moved`: yet another key came while the digits were read. */
export type Outcome = "matched" | "accepted" | "moved";

export class Comparing {
  readonly #vault: Pick<typeof mailbox, "call">;
  readonly #address: string;

  comparison = $state.raw<Comparison | null>(null);
  /** Why there is nothing to compare. */
  problem = $state.raw<Problem | null>(null);
  /** Whom it was about, if they were known before. */
  known = $state.raw<Correspondent | null>(null);
  /** What is being saved. */
  deciding = $state.raw<Decision | null>(null);
  /** What was not saved, and why. */
  refused = $state.raw<{ decision: Decision; problem: Problem } | null>(null);
  outcome = $state.raw<Outcome | null>(null);
  /** Asked to be read once more. */
  again = $state(false);

  /** Whether the digits wait for a yes or a no. */
  asks = $derived(
    this.comparison !== null &&
      (this.again || (!this.comparison.digits_differ && this.comparison.who.standing !== "compared")),
  );

  constructor(vault: Pick<typeof mailbox, "call">, address: string) {
    this.#vault = vault;
    this.#address = address;
  }

  async fetch(): Promise<void> {
    this.problem = null;
    try {
      this.comparison = await this.#vault.call("compare", { address: this.#address });
    } catch (error) {
      await this.#stop(problemIn(error));
    }
  }

  /** Both read once more, from digits fetched anew. */
  async readAgain(): Promise<void> {
    this.outcome = null;
    this.refused = null;
    await this.fetch();
    this.again = true;
  }

  async decide(decision: Decision): Promise<void> {
    this.deciding = decision;
    this.refused = null;
    try {
      this.comparison = await this.#vault.call(decision, { address: this.#address });
      this.again = false;
      this.outcome = decision === "digits_match" ? "matched" : decision === "accept" ? "accepted" : null;
    } catch (error) {
      await this.#refuse(decision, problemIn(error));
    } finally {
      this.deciding = null;
    }
  }

  async #refuse(decision: Decision, problem: Problem): Promise<void> {
    if (problem.name === "no-account") return this.#stop(problem);
    if (problem.name !== "compare-first") {
      this.refused = { decision, problem };
      return;
    }
    await this.fetch();
    this.again = true;
    this.outcome = "moved";
  }

  async #stop(problem: Problem): Promise<void> {
    if (problem.name === "no-account") this.known = await this.#contact(problem.address ?? this.#address);
    this.comparison = null;
    this.problem = problem;
  }

  async #contact(address: string): Promise<Correspondent | null> {
    try {
      const contacts = await this.#vault.call("contacts", {});
      return contacts.find((contact) => contact.address === address) ?? null;
    } catch {
      return null; // then it is said as of a stranger
    }
  }
}
