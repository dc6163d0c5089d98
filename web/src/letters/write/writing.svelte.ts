// A letter that is being written. It is kept as a sealed draft from the first word on, so that nothing is lost by a
// reload, a lock or a lost network (GUIDE "Nothing is lost").

import type { Outward } from "../../attachments/engine.ts";
import { FilesToSend } from "../../attachments/files.svelte.ts";
import { getLocale } from "../../paraglide/runtime.js";
import { problemIn, type mailbox } from "../../worker/index.ts";
import type { Draft, Level, Problem, Saved, Timestamp, Writing } from "../../worker/types.ts";
import { PLACES, Recipients } from "./recipients.svelte.ts";

/** How long after the last key a draft is saved on this device. */
const PAUSE = 200;
/** How long after the first key that is not saved yet, for whoever never pauses. */
const AT_MOST = 1_000;

type Vault = Pick<typeof mailbox, "call"> & Partial<Pick<typeof mailbox, "on">>;

export class WritingLetter {
  id = $state<string | null>(null);
  subject = $state("");
  text = $state("");
  /** How whoever reads it must have been identified, if its writer asks for that. */
  level = $state<Level | null>(null);
  readonly answers: string | null;
  readonly recipients: Recipients;
  /** None where nothing can be attached. */
  readonly files: FilesToSend | undefined;
  /** When the draft was saved last. */
  saved = $state<Timestamp>();
  /** Why it was not, so that it would be lost with the page. */
  problem = $state.raw<Problem>();
  /** Why it is on this device only, where the server will not take it as it is. */
  refused = $state.raw<Problem>();
  /** The same draft was written on in another place, and both texts are kept. */
  beside = $state(false);
  /** Called when the draft has another name: by its first save, after it was erased elsewhere, or beside another text. */
  named: ((id: string) => void) | undefined;
  readonly #vault: Vault;
  #kept: string;
  #saving: Promise<void> = Promise.resolve();
  #pause: ReturnType<typeof setTimeout> | undefined;
  /** When the first key came that is not saved yet. */
  #since: number | undefined;
  /** It was thrown away: nothing of it is saved until somebody writes on. */
  #discarded = false;

  constructor(vault: Vault, begun: Partial<Draft> = {}, outward?: Outward) {
    this.#vault = vault;
    this.files = outward && new FilesToSend(outward, begun.files);
    this.id = begun.id ?? null;
    this.subject = begun.subject ?? "";
    this.text = begun.text ?? "";
    this.answers = begun.answers ?? null;
    this.level = begun.level ?? null;
    this.saved = begun.saved;
    this.recipients = new Recipients(vault);
    for (const place of PLACES) this.recipients.begin(place, begun[place] ?? []);
    this.recipients.each = begun.each ?? false;
    for (const { address, phone, mailed, passphrase } of begun.invite ?? []) {
      this.recipients.phones[address] = phone;
      this.recipients.handed[address] = !mailed;
      this.recipients.passphrases[address] = passphrase ?? "";
    }
    this.#kept = this.#fingerprint();
  }

  /** Follows what becomes of the draft at the server, until the returned function is called. */
  follow(): () => void {
    const stop = this.#vault.on?.((event) => {
      if (event.event !== "draft" || event.id !== this.id) return;
      this.refused = event.refused ?? undefined;
      this.#is(event.now, event.beside);
    });
    return stop ?? (() => undefined);
  }

  get content(): Writing {
    return {
      id: this.id,
      to: this.recipients.typed("to"),
      cc: this.recipients.typed("cc"),
      bcc: this.recipients.typed("bcc"),
      each: this.recipients.each,
      subject: this.subject,
      text: this.text,
      answers: this.answers,
      level: this.level,
      invite: this.recipients.toInvite.map(({ chip: _, ...invited }) => ({ ...invited, language: getLocale() })),
      files: this.files?.content ?? [],
    };
  }

  get unsaved(): boolean {
    return this.#fingerprint() !== this.#kept;
  }

  /** Something was typed. The first key is saved at once: it gives the draft its address. */
  touch(): void {
    if (this.#discarded) this.files?.goOn();
    this.#discarded = false;
    if (this.id === null) return void this.save();
    const now = performance.now();
    this.#since ??= now;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.save(), Math.min(PAUSE, this.#since + AT_MOST - now));
  }

  /** Saves what was not saved yet. One at a time, since the first names the draft for the second. */
  save(): Promise<void> {
    clearTimeout(this.#pause);
    return (this.#saving = this.#saving.then(() => this.#save()));
  }

  /** Erases the draft; what was typed stays here, for the undo. */
  async discard(): Promise<void> {
    this.#discarded = true;
    await this.settled();
    try {
      if (this.id !== null) await this.#vault.call("erase_draft", { id: this.id });
    } catch (failed) {
      this.#discarded = false;
      throw failed;
    }
    this.files?.giveUp();
    this.id = null;
    this.saved = undefined;
    this.#kept = "";
  }

  /** It was sent, and is this draft again. */
  became({ id, saved }: Pick<Saved, "id" | "saved">): void {
    this.id = id;
    this.saved = saved;
    this.#kept = this.#fingerprint();
  }

  /** Whether it is still a draft: another tab or device may have sent it or thrown it away. */
  async isStillADraft(): Promise<boolean> {
    if (this.id === null) return true;
    try {
      // The list, since whoever asks for one draft is taken to have read what it says now.
      const drafts = await this.#vault.call("drafts", {});
      return drafts.some(({ id, waiting }) => id === this.id && !waiting);
    } catch (failed) {
      problemIn(failed);
      return true;
    }
  }

  /** Saves no more by itself; when what was being saved is saved. */
  async settled(): Promise<void> {
    clearTimeout(this.#pause);
    await this.#saving;
  }

  async #save(): Promise<void> {
    const kept = this.#fingerprint();
    this.#since = undefined;
    if (kept === this.#kept || this.#discarded) return;
    try {
      const up = this.files?.up ?? [];
      const { id, saved, beside } = await this.#vault.call("save_draft", this.content);
      this.files?.kept(up);
      this.saved = saved;
      this.problem = undefined;
      this.refused = undefined;
      this.#kept = kept;
      this.#is(id, beside);
    } catch (failed) {
      this.problem = problemIn(failed);
    }
  }

  #is(id: string, beside: boolean): void {
    const renamed = id !== this.id;
    this.id = id;
    this.beside ||= beside;
    if (renamed) this.named?.(id);
  }

  #fingerprint(): string {
    const { to, cc, bcc, each, subject, text, level, invite } = this.content;
    // A file that is up is a part of the draft at the server; before that the draft only names it.
    const files = this.files?.rows.map(({ id, state }) => [id, state.is === "up"]);
    return JSON.stringify([to, cc, bcc, each, subject, text, level, invite, files]);
  }
}
