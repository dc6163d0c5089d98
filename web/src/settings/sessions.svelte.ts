// Where this account is signed in.
import type { Confirmation } from "../accounts/confirmation.svelte.ts";
import { type mailbox, problemIn } from "../worker/index.ts";
import type { NamedSession, Problem, SessionRow } from "../worker/types.ts";

export class Sessions {
  readonly #vault: Pick<typeof mailbox, "call">;
  readonly #confirmation: Pick<Confirmation, "before">;

  all = $state.raw<readonly NamedSession[] | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** The one that is being ended. */
  ending = $state.raw<string | null>(null);

  constructor(vault: Pick<typeof mailbox, "call">, confirmation: Pick<Confirmation, "before">) {
    this.#vault = vault;
    this.#confirmation = confirmation;
  }

  async fetch(): Promise<void> {
    await this.#take(() => this.#vault.call("sessions", {}));
  }

  /** Whether it ended. */
  async end({ id }: SessionRow): Promise<boolean> {
    this.ending = id;
    const ended = await this.#take(() => this.#confirmation.before(() => this.#vault.call("end_session", { id })));
    this.ending = null;
    return ended;
  }

  async #take(ask: () => Promise<NamedSession[]>): Promise<boolean> {
    this.problem = null;
    try {
      this.all = await ask();
      return true;
    } catch (error) {
      this.problem = problemIn(error);
      return false;
    }
  }
}
