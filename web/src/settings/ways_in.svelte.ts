// What opens one's own mailbox besides its devices: password, passkeys, recovery sheet.
import type { Confirmation } from "../accounts/confirmation.svelte.ts";
import type { mailbox } from "../worker/index.ts";
import type { SlotKind } from "../worker/types.ts";
import { OwnList } from "./own_list.svelte.ts";

export class WaysIn extends OwnList<SlotKind> {
  readonly #vault: Pick<typeof mailbox, "call">;
  readonly #confirmation: Pick<Confirmation, "before">;

  removing = $state(false);
  hasPassword = $derived(this.all?.includes("password") ?? true);
  hasPasskey = $derived(this.all?.includes("passkey") ?? false);

  constructor(vault: Pick<typeof mailbox, "call">, confirmation: Pick<Confirmation, "before">) {
    super();
    this.#vault = vault;
    this.#confirmation = confirmation;
  }

  async fetch(): Promise<void> {
    await this.take(() => this.#vault.call("ways_in", {}));
  }

  /** Whether it is gone. */
  async removePassword(): Promise<boolean> {
    this.removing = true;
    const removed = await this.take(() => this.#confirmation.before(() => this.#vault.call("remove_password", {})));
    this.removing = false;
    return removed;
  }
}
