// Another password in the place of one's own: chosen, confirmed where the server asks for that, and tried once.
import type { Confirmation } from "../accounts/confirmation.svelte.ts";
import { NewPassword, type Whose } from "../accounts/new_password.svelte.ts";
import type { Explained } from "../app/problems.ts";
import { Form } from "../app/form.svelte.ts";
import { m } from "../paraglide/messages.js";
import type { signIn } from "../worker/index.ts";
import type { Problem } from "../worker/types.ts";

/** The field, by which the form finds it. */
export const FIELD = "new-password";

type Vault = Pick<typeof signIn, "call" | "end">;

export class PasswordChange {
  readonly #vault: Vault;
  readonly #confirmation: Pick<Confirmation, "before">;
  readonly #whose: () => Whose;
  readonly form: Form;
  readonly password: NewPassword;
  choosing = $state(false);
  /** Whether the new password was tried, once it is changed. */
  done = $state<"proved" | "unproved" | null>(null);

  constructor(vault: Vault, confirmation: Pick<Confirmation, "before">, whose: () => Whose) {
    this.#vault = vault;
    this.#confirmation = confirmation;
    this.#whose = whose;
    this.password = new NewPassword(vault, whose);
    this.form = new Form({ "weak-password": { field: FIELD, text: this.password.refusal } });
  }

  begin = (): void => {
    this.done = null;
    this.choosing = true;
  };

  async change(): Promise<void> {
    const missing = [this.password.typed === "" && { field: FIELD, text: () => m["password.missing"]() }];
    const changed = await this.form.submit(missing, async () => {
      await this.password.judge();
      const args = { password: this.password.typed, name: this.#whose().name };
      const { proved } = await this.#confirmation.before(() => this.#vault.call("change_password", args));
      this.done = proved ? "proved" : "unproved";
    });
    if (changed) this.leave();
  }

  /** Whatever was typed goes, and the memory that a password needs. */
  leave = (): void => {
    this.password.stop();
    this.password.typed = "";
    this.password.verdict = null;
    this.form.clear();
    this.choosing = false;
    this.#vault.end();
  };

  /** After an answer that was lost, either password may be the right one. */
  said(problem: Problem): Explained | null {
    if (problem.class !== "unavailable") return null;
    return { what: m["change_password.maybe.title"](), todo: m["change_password.maybe.text"]() };
  }
}
