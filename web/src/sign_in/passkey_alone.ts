// Signing in by a passkey alone: asked for by a press, or offered where the address is typed.
import { offersWhileTyping, usePasskey } from "../identity/ceremonies.ts";
import { passkeyHere } from "../identity/passkeys.svelte.ts";
import { signIn } from "../worker/index.ts";
import { thisDevice } from "../worker/this_device.ts";
import type { Me } from "../worker/types.ts";

/** Whose mailbox is open, or whose password opens it. */
type Came = Me | { passwordOf: string };

export class PasskeyAlone {
  #offered: AbortController | null = null;

  /** Rejects with a problem, or with `NoAnswer`. */
  async ask(keep: boolean): Promise<Came> {
    this.giveUp();
    const { said: assertion, output } = await usePasskey(await signIn.call("ask_for_passkey", {}));
    return await this.#enter(assertion, output, keep);
  }

  /**
   * One request to the server, so it is made where somebody begins to type, and not for each page that is looked at. None if
   * nobody took the offer, or it was given up; a refusal is one too, since nobody pressed for anything.
   */
  async offer(keep: () => boolean): Promise<Came | null> {
    if (this.#offered || !(await offersWhileTyping())) return null;
    const offered = (this.#offered = new AbortController());
    try {
      const request = await signIn.call("ask_for_passkey", {});
      if (offered.signal.aborted) return null;
      const { said: assertion, output } = await usePasskey(request, offered.signal);
      return await this.#enter(assertion, output, keep());
    } catch {
      return null;
    }
  }

  /** What was offered is offered no longer. */
  giveUp(): void {
    this.#offered?.abort();
    this.#offered = null;
  }

  async #enter(assertion: Parameters<typeof signIn.finishByPasskey>[0]["assertion"], output: ArrayBuffer | null, keep: boolean): Promise<Came> {
    const came = await signIn.finishByPasskey({ assertion, keep, device: thisDevice() }, output);
    if (!("passwordOf" in came)) passkeyHere.value = "1";
    return came;
  }
}
