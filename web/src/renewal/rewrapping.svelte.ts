// The long half of a thorough renewal: letters get new locks one after the other, while their owner reads on. It begins by
// itself wherever the mailbox is open, and is over when the old key is gone.
import { createContext } from "svelte";
import type { Confirmation } from "../accounts/confirmation.svelte.ts";
import { type mailbox, problemIn } from "../worker/index.ts";
import type { Problem, Rewrapped } from "../worker/types.ts";

/** After how long it is tried again where there was no network. */
const AGAIN_AFTER = 30_000;

export class Rewrapping {
  readonly #vault: Pick<typeof mailbox, "call">;
  readonly #confirmation: Pick<Confirmation, "before">;
  #running = false;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** How far it is; none while nothing is to be done. */
  progress = $state.raw<Rewrapped | null>(null);
  /** Why it does not go on by itself: the person has to confirm, or something is wrong. */
  stopped = $state.raw<Problem | null>(null);

  constructor(vault: Pick<typeof mailbox, "call">, confirmation: Pick<Confirmation, "before">) {
    this.#vault = vault;
    this.#confirmation = confirmation;
  }

  /** Goes on with it, wherever it was. */
  begin(): void {
    clearTimeout(this.#again);
    void this.#run((step) => step());
  }

  /** The mailbox is open no more, or the person has seen that it is over. */
  leave(): void {
    clearTimeout(this.#again);
    this.progress = this.stopped = null;
  }

  /** The person wants it to go on, and will confirm that it is them. */
  proceed = async (): Promise<void> => {
    await this.#run((step) => this.#confirmation.before(step));
  };

  async #run(how: (step: () => Promise<Rewrapped>) => Promise<Rewrapped>): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.stopped = null;
    try {
      do this.progress = await how(() => this.#vault.call("rewrap_some", {}));
      while (!this.progress.over);
    } catch (error) {
      this.#refused(problemIn(error));
    } finally {
      this.#running = false;
    }
  }

  #refused(problem: Problem): void {
    if (problem.class === "unavailable") this.#again = setTimeout(() => this.begin(), AGAIN_AFTER);
    else if (problem.name === "locked" || problem.name === "not-signed-in") this.progress = null;
    else this.stopped = problem;
  }
}

export const [getRewrapping, setRewrapping] = createContext<Rewrapping>();
