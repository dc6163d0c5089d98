// This account's passkeys: which there are, and how one is added, in ceremonies of which the second shows what it is good for.
import type { Confirmation } from "../accounts/confirmation.svelte.ts";
import { OwnList } from "../settings/own_list.svelte.ts";
import type { mailbox } from "../worker/index.ts";
import { Remembered } from "../worker/remembered.ts";
import type { NamedPasskey, PasskeyAdded } from "../worker/types.ts";
import { makeAndUse } from "./ceremonies.ts";

type Vault = Pick<typeof mailbox, "call">;

/** A passkey of somebody lies here, perhaps: the sign-in page asks for it first. Says nothing of whose. */
export const passkeyHere = new Remembered(() => localStorage, "securemailbox.passkey");

export class Passkeys extends OwnList<NamedPasskey> {
  readonly #vault: Vault;
  readonly #confirmation: Pick<Confirmation, "before">;

  /** The one that is being removed. */
  removing = $state.raw<string | null>(null);

  constructor(vault: Vault, confirmation: Pick<Confirmation, "before">) {
    super();
    this.#vault = vault;
    this.#confirmation = confirmation;
  }

  async fetch(): Promise<void> {
    await this.take(() => this.#vault.call("passkeys", {}));
  }

  /** Adds one. Rejects with a problem, or with `NoAnswer`; then nothing was added. */
  async add(name: string): Promise<PasskeyAdded> {
    const creation = await this.#confirmation.before(() => this.#vault.call("begin_passkey", {}));
    const used = await makeAndUse(creation, {
      made: (made, output) => this.#vault.call("passkey_made", { id: creation.id, made }, output),
      seal: (output) => this.#vault.call("seal_passkey", {}, output),
    });
    const added = await this.#vault.call("passkey_used", { assertion: used.said, name }, used.output);
    if (added.what_for === "opens") passkeyHere.value = "1";
    return added;
  }

  async rename(id: string, name: string): Promise<void> {
    this.all = await this.#vault.call("name_passkey", { id, name });
  }

  /** Whether it was removed. */
  async remove(id: string): Promise<boolean> {
    this.removing = id;
    const removed = await this.take(() => this.#confirmation.before(() => this.#vault.call("remove_passkey", { id })));
    this.removing = null;
    return removed;
  }
}
