// By what the owner of this mailbox is proved.
import type { Confirmation } from "../accounts/confirmation.svelte.ts";
import { type mailbox, problemIn } from "../worker/index.ts";
import type { Factor, FactorKind, Problem } from "../worker/types.ts";

/** How few one-time codes are a reason to make new ones. */
export const FEW_CODES = 2;

export class Identity {
  readonly #vault: Pick<typeof mailbox, "call">;
  readonly #confirmation: Pick<Confirmation, "before">;

  all = $state.raw<readonly Factor[] | null>(null);
  problem = $state.raw<Problem | null>(null);

  constructor(vault: Pick<typeof mailbox, "call">, confirmation: Pick<Confirmation, "before">) {
    this.#vault = vault;
    this.#confirmation = confirmation;
  }

  /** The newest of a kind. */
  one(kind: FactorKind): Factor | undefined {
    return this.all?.findLast((factor) => factor.kind === kind);
  }

  /** Whether something is left where the phone is lost. */
  get hasReserve(): boolean {
    return this.one("reserve-phone") !== undefined || (this.one("one-time-codes")?.left ?? 0) > 0;
  }

  async fetch(): Promise<void> {
    await this.#take(() => this.#vault.call("factors", {}));
  }

  /** Whether it is gone. */
  async remove({ id }: Factor): Promise<boolean> {
    return await this.#take(() => this.#confirmation.before(() => this.#vault.call("remove_factor", { id })));
  }

  async #take(ask: () => Promise<Factor[]>): Promise<boolean> {
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
