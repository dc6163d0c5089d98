// What happens at the desk where a letter is written: it is sent, thrown away, or kept for later.

import Trash from "@lucide/svelte/icons/trash-2";
import type { Router } from "../../app/router.svelte.ts";
import type { Toasts } from "../../app/toasts.svelte.ts";
import { m } from "../../paraglide/messages.js";
import { CallFailed, mailbox, problemIn } from "../../worker/index.ts";
import type { Timestamp } from "../../worker/types.ts";
import type { Outbox } from "../outbox.svelte.ts";
import { errorsOf, type WritingError } from "./errors.ts";
import { OtherTabs } from "./other_tabs.svelte.ts";
import type { WritingLetter } from "./writing.svelte.ts";

/** What surrounds the desk in the page. */
interface Surroundings {
  outbox: Outbox;
  router: Router;
  toasts: Toasts;
  /** What still stands in the box of the recipients becomes one. */
  takeTyped: () => void;
  /** Where one goes from here. */
  back: () => string;
}

export class Desk {
  readonly letter: WritingLetter;
  readonly others = new OtherTabs();
  readonly #around: Surroundings;
  /** The fields that were wrong at the last try. One that was put right goes; a new one waits for the next try. */
  #refused = $state.raw<readonly string[]>([]);
  /** Grows with each try that was refused, so that its errors are said anew. */
  tries = $state(0);
  sending = $state(false);
  /** Sent or discarded: what happens to it now is not this page's. */
  #handedOn = false;

  constructor(letter: WritingLetter, around: Surroundings) {
    this.letter = letter;
    this.#around = around;
  }

  /** What stands under the fields. */
  get errors(): WritingError[] {
    return errorsOf(this.letter).filter(({ field, atOnce }) => atOnce || this.#refused.includes(field));
  }

  /** Why the last try was refused, as far as it is not put right. */
  get refusal(): WritingError[] {
    return errorsOf(this.letter).filter(({ field }) => this.#refused.includes(field));
  }

  /** Something was typed. */
  changed(): void {
    this.letter.touch();
    this.#refused = this.refusal.map(({ field }) => field);
  }

  /** Before lock and sign-out. What only the server refused is on this device, and is told of by the sign-out itself. */
  async keep(): Promise<void> {
    this.#around.takeTyped();
    await this.letter.save();
    if (this.letter.problem) throw new CallFailed(this.letter.problem);
  }

  /** Whether something would be lost if the page ended now. What can be saved still is. */
  wouldLose(): boolean {
    if (this.#handedOn) return false;
    this.#around.takeTyped();
    void this.letter.save();
    // What is not up yet is in this tab only.
    return this.letter.unsaved || this.letter.files?.allUp === false;
  }

  /** The page goes, and the letter with it. */
  async leave(): Promise<void> {
    if (this.#handedOn) return;
    this.#handedOn = true;
    await this.letter.save();
    mailbox.handIn();
  }

  /** At once, or at a time that its writer chose. */
  async send(until?: Timestamp): Promise<void> {
    if (this.sending || this.#handedOn) return;
    this.sending = true;
    this.#around.takeTyped();
    await this.letter.recipients.settled();
    this.tries += 1;
    this.#refused = errorsOf(this.letter).map(({ field }) => field);
    const ready = this.#refused.length === 0 && (await this.#isKept());
    this.sending = false;
    if (!ready || this.#handedOn) return;
    this.#handedOn = true;
    this.others.tell(this.letter.id, "sent");
    this.#around.router.go(this.letter.recipients.handsOver ? "/contacts/links" : this.#around.back());
    this.#around.outbox.hold(this.letter, until);
  }

  /** Whatever happens from now on, nothing is lost; and nobody else has sent it. */
  async #isKept(): Promise<boolean> {
    await this.letter.save();
    await this.lookElsewhere();
    return !this.letter.unsaved && this.others.fate === undefined;
  }

  /** Another tab that was not heard of, or another device, may have sent the letter. */
  async lookElsewhere(): Promise<void> {
    if (this.#handedOn || (await this.letter.isStillADraft())) return;
    this.others.fate ??= "gone";
  }

  /** At once; the words stay here until it can't be undone any more. */
  async discard(): Promise<void> {
    if (this.sending || this.#handedOn) return;
    this.#handedOn = true;
    const { outbox, router, toasts } = this.#around;
    const draft = this.letter.id;
    if (this.letter.files && this.letter.files.rows.length > 0) {
      // Files go with the draft, and can't be had back: it goes once it can't be undone any more.
      this.letter.files.rest();
      router.go(this.#around.back());
      const over = () => void this.letter.discard().then(() => this.others.tell(draft, "discarded"), problemIn);
      toasts.show({ text: m["write.discarded"](), icon: Trash, undo: () => outbox.takeBack(this.letter), over });
      return;
    }
    try {
      await this.letter.discard();
    } catch (failed) {
      problemIn(failed);
      this.#handedOn = false;
      toasts.show({ text: m["write.not_discarded"]() });
      return;
    }
    this.others.tell(draft, "discarded");
    router.go(this.#around.back());
    toasts.show({ text: m["write.discarded"](), icon: Trash, undo: () => outbox.takeBack(this.letter) });
  }
}
