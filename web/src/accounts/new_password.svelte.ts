// A password that is being chosen: judged while it is typed, and once more before it is taken.
import { m } from "../paraglide/messages.js";
import { problemIn, type signIn } from "../worker/index.ts";
import type { Verdict } from "../worker/types.ts";
import { said, willDo } from "./verdicts.ts";

/** A pause in typing. */
const PAUSE = 250;

/** Whose password it is. The name is empty where nobody knows it yet. */
export interface Whose {
  address: string;
  name: string;
}

export class NewPassword {
  readonly #vault: Pick<typeof signIn, "call">;
  readonly #whose: () => Whose;
  #pause: ReturnType<typeof setTimeout> | undefined;
  typed = $state("");
  verdict = $state.raw<Verdict | null>(null);

  constructor(vault: Pick<typeof signIn, "call">, whose: () => Whose) {
    this.#vault = vault;
    this.#whose = whose;
  }

  judgeSoon = (): void => {
    this.stop();
    this.#pause = setTimeout(() => void this.judge(), PAUSE);
  };

  async judge(): Promise<void> {
    this.stop();
    const judged = this.typed;
    let verdict: Verdict | null = null;
    try {
      if (judged !== "") verdict = await this.#vault.call("judge", { password: judged, ...this.#whose() });
    } catch (error) {
      problemIn(error); // it is judged again when it is chosen
    }
    if (judged === this.typed) this.verdict = verdict;
  }

  /** Why it will not do, in the words that stood beside the field. */
  refusal = (): string => {
    if (this.verdict === null || willDo(this.verdict)) return m["problem.weak_password"]();
    return `${said(this.verdict).judged()} ${said(this.verdict).why()}`;
  };

  /** Nobody types any more. */
  stop(): void {
    clearTimeout(this.#pause);
  }
}
