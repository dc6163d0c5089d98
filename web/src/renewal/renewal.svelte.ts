// New locks: the password is chosen and the person confirms beside the open mailbox, which then gives way to the renewed one.
import type { Confirmation } from "../accounts/confirmation.svelte.ts";
import { NewPassword, type Whose } from "../accounts/new_password.svelte.ts";
import { Form } from "../app/form.svelte.ts";
import { m } from "../paraglide/messages.js";
import type { signIn } from "../worker/index.ts";
import { thisDevice } from "../worker/this_device.ts";
import type { Me, Sheet } from "../worker/types.ts";

/** The field, by which the form finds it. */
export const FIELD = "new-password";

type Vault = Pick<typeof signIn, "call" | "end" | "renew">;

/** How much is locked anew. */
export type Extent = "thorough" | "quick";

export class Renewal {
  readonly #vault: Vault;
  readonly #confirmation: Pick<Confirmation, "before">;
  readonly #whose: () => Whose;
  readonly form: Form;
  readonly password: NewPassword;
  extent = $state<Extent>("thorough");
  /** The mailbox is shut, and will be open again in a moment. */
  changing = $state(false);

  constructor(vault: Vault, confirmation: Pick<Confirmation, "before">, whose: () => Whose) {
    this.#vault = vault;
    this.#confirmation = confirmation;
    this.#whose = whose;
    this.password = new NewPassword(vault, whose);
    this.form = new Form({ "weak-password": { field: FIELD, text: this.password.refusal } });
  }

  /** Whose mailbox is open by the new locks, and the sheet that goes with them; none where it was refused. */
  async renew(): Promise<{ me: Me; sheet: Sheet } | null> {
    let renewed: { me: Me; sheet: Sheet } | null = null;
    const missing = [this.password.typed === "" && { field: FIELD, text: () => m["password.missing"]() }];
    await this.form.submit(missing, async () => {
      await this.password.judge();
      const begin = { password: this.password.typed, name: this.#whose().name };
      await this.#confirmation.before(() => this.#vault.call("begin_renewal", begin));
      this.changing = true;
      try {
        const { me, said } = await this.#vault.renew({ thorough: this.extent === "thorough", device: thisDevice() });
        renewed = { me, sheet: said };
      } finally {
        this.changing = false;
      }
    });
    return renewed;
  }

  /** Whatever was typed goes, and the memory that a password needs. */
  leave = (): void => {
    this.password.stop();
    this.password.typed = "";
    this.#vault.end();
  };
}
