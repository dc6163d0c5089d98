// Where this account is signed in.
import type { Confirmation } from "../accounts/confirmation.svelte.ts";
import type { mailbox } from "../worker/index.ts";
import type { NamedSession, SessionRow } from "../worker/types.ts";
import { OwnList } from "./own_list.svelte.ts";

export class Sessions extends OwnList<NamedSession> {
  readonly #vault: Pick<typeof mailbox, "call">;
  readonly #confirmation: Pick<Confirmation, "before">;

  /** The one that is being ended. */
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
  async end({ id }: SessionRow): Promise<boolean> {
    this.ending = id;
    const ended = await this.take(() => this.#confirmation.before(() => this.#vault.call("end_session", { id })));
    this.ending = null;
    return ended;
  }
}
