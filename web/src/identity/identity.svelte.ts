// By what the owner of this mailbox is proved.
import type { Confirmation } from "../accounts/confirmation.svelte.ts";
import { OwnList } from "../settings/own_list.svelte.ts";
import type { mailbox } from "../worker/index.ts";
import type { Factor, FactorKind } from "../worker/types.ts";

/** How few one-time codes are a reason to make new ones. */
export const FEW_CODES = 2;

export class Identity extends OwnList<Factor> {
  readonly #vault: Pick<typeof mailbox, "call">;
  readonly #confirmation: Pick<Confirmation, "before">;

  constructor(vault: Pick<typeof mailbox, "call">, confirmation: Pick<Confirmation, "before">) {
    super();
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
    await this.take(() => this.#vault.call("factors", {}));
  }

  /** Whether it is gone. */
  async remove({ id }: Factor): Promise<boolean> {
    return await this.take(() => this.#confirmation.before(() => this.#vault.call("remove_factor", { id })));
  }
}
