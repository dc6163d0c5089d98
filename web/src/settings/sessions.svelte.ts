// Where this account is signed in.
import type { Confirmation } from "../accounts/confirmation.svelte.ts";
import type { mailbox } from "../worker/index.ts";
import type { NamedSession, SessionRow } from "../worker/types.ts";
import { OwnList } from "./own_list.svelte.ts";

/** What is being ended where that is all others. */
export const OTHERS = "others";

export class Sessions extends OwnList<NamedSession> {
  readonly #vault: Pick<typeof mailbox, "call">;
  readonly #confirmation: Pick<Confirmation, "before">;

  /** The one that is being ended, or all others. */
  ending = $state.raw<string | null>(null);

  constructor(vault: Pick<typeof mailbox, "call">, confirmation: Pick<Confirmation, "before">) {
    super();
    this.#vault = vault;
    this.#confirmation = confirmation;
  }

  async fetch(): Promise<void> {
    await this.take(() => this.#vault.call("sessions", {}));
  }

  /** Whether it ended. */
  end({ id }: SessionRow): Promise<boolean> {
    return this.#end(id, () => this.#vault.call("end_session", { id }));
  }

  /** Whether this one is the only one now. */
  endOthers(): Promise<boolean> {
    return this.#end(OTHERS, () => this.#vault.call("end_other_sessions", {}));
  }

  async #end(which: string, act: () => Promise<NamedSession[]>): Promise<boolean> {
    this.ending = which;
    const ended = await this.take(() => this.#confirmation.before(act));
    this.ending = null;
    return ended;
  }
}
