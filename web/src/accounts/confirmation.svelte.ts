// What asks for a fresh proof: the person confirms that it is them, and it is done again. Nothing that was typed is lost.
import { createContext } from "svelte";
import { usePasskey } from "../identity/ceremonies.ts";
import { type mailbox, problemIn } from "../worker/index.ts";
import type { Factors, Problem } from "../worker/types.ts";

type Vault = Pick<typeof mailbox, "call">;

export class Confirmation {
  readonly #vault: Vault;
  #settle: ((confirmed: boolean) => void) | null = null;
  /** The ways there are, while somebody confirms. */
  factors = $state.raw<Factors | null>(null);

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Does it. Where that is refused for want of a proof, asks for one and does it once more; rejects with the refusal if the person gives up. */
  async before<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (refusal) {
      const problem = problemIn(refusal);
      const wantsProof = problem.name === "proof-required" || problem.name === "level-required";
      if (!wantsProof || !(await this.ask(problem))) throw refusal;
      return await act();
    }
  }

  /** Asks for the proof that a refusal wants. Whether the person gave it. */
  async ask(refusal: Problem): Promise<boolean> {
    const { confirmed } = await this.begin(refusal);
    return await confirmed;
  }

  /** Begins to ask, for what is offered or for whatever there is; and whether the person will have given it. */
  async begin({ offers }: Pick<Problem, "offers">): Promise<{ confirmed: Promise<boolean> }> {
    this.giveUp();
    this.factors = await this.#vault.call("confirm", { offers });
    return { confirmed: new Promise((resolve) => (this.#settle = resolve)) };
  }

  async choose(id: string): Promise<void> {
    this.factors = await this.#vault.call("choose_proof", { id });
  }

  chooseAnother(): void {
    if (this.factors) this.factors = { ...this.factors, chosen: null };
  }

  async sendAgain(): Promise<void> {
    await this.#vault.call("send_proof_again", {});
  }

  async enter(code: string): Promise<void> {
    await this.#vault.call("enter_proof", { code });
    this.#end(true);
  }

  /** Has a passkey sign that was chosen. Rejects with a problem, or with `NoAnswer`. */
  async showPasskey(): Promise<void> {
    const { said: assertion } = await usePasskey(await this.#vault.call("passkey_challenge", {}));
    await this.#vault.call("enter_passkey_proof", { assertion });
    this.#end(true);
  }

  giveUp(): void {
    this.#end(false);
  }

  #end(confirmed: boolean): void {
    const settle = this.#settle;
    this.factors = this.#settle = null;
    settle?.(confirmed);
  }
}

export const [getConfirmation, setConfirmation] = createContext<Confirmation>();
