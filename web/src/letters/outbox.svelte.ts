// Letters on their way out. The server holds a letter while it can be undone (GUIDE "Undo"), so that whoever pressed Send may
// close the lid; what it could not be handed waits on the device, and this only tells what becomes of it.

import Send from "@lucide/svelte/icons/send";

import type { Announcer } from "../app/announcer.svelte.ts";
import { sentence } from "../app/problems.ts";
import type { Router } from "../app/router.svelte.ts";
import type { Session } from "../app/session.svelte.ts";
import type { Toast, Toasts } from "../app/toasts.svelte.ts";
import type { Outward } from "../attachments/engine.ts";
import { m } from "../paraglide/messages.js";
import { when } from "../parts/dates.ts";
import { CallFailed, problemIn, type mailbox } from "../worker/index.ts";
import type { Problem, Timestamp } from "../worker/types.ts";
import { WritingLetter } from "./write/writing.svelte.ts";

type Vault = Pick<typeof mailbox, "call" | "on">;

/** For how many seconds the server holds a letter: longer than the undo is shown, for the time stands still while it is looked at. */
const HELD = 30;

/** Whether a held letter is to go at a time that its writer chose, and not when the undo is over. */
export function isLater(release: Timestamp): boolean {
  return Date.parse(release) - Date.now() > 2 * HELD * 1_000;
}

export interface Outgoing {
  readonly letter: WritingLetter;
  readonly since: number;
  readonly state:
    /** Sealed, and handed to the server. */
    | "sending"
    /** Its attachments go up first: their bytes are in this tab only. */
    | "files"
    /** It goes by itself when the server is back, or takes letters from here again. */
    | "waiting"
    | "failed";
  readonly problem?: Problem;
  /** When it is to go, where its writer chose that. */
  readonly until?: Timestamp | undefined;
}

/** What surrounds the outbox in the page. */
export interface Surroundings {
  vault: Vault;
  toasts: Toasts;
  announcer: Announcer;
  router: Router;
  session: Session;
  outward: Outward | undefined;
}

function refused(name: "blob-missing" | "unsaved"): CallFailed {
  return new CallFailed({ name, class: "refused", address: null, level: null, retry_after: null, offers: [], request: null });
}

export class Outbox {
  letters = $state.raw<readonly Outgoing[]>([]);
  readonly #around: Surroundings;
  readonly #sending = new Map<Promise<unknown>, WritingLetter>();
  /** Drafts that were to go out as soon as their files are up, when the mailbox was locked. */
  #interrupted: readonly { id: string; until: Timestamp | undefined }[] = [];
  /** What offers to take the last letter back. */
  #undoing: Toast | undefined;
  /** Taken back to be written on, until its page fetches it. */
  takenBack = $state.raw<WritingLetter>();

  constructor(around: Surroundings) {
    this.#around = around;
    around.vault.on((event) => {
      if (event.event === "changed") void this.#forgetSent();
      if (event.event === "given_back") void this.#givenBack(event.draft, event.problem);
      if (event.event === "locked") this.#interrupt();
      if (event.event === "ended") this.#forget();
    });
    around.session.keepBeforeLeaving(() => this.#handedOver());
    around.session.afterUnlocking(() => void this.#goOnSending());
    addEventListener("beforeunload", (event) => this.#waitForFiles && event.preventDefault());
  }

  get #waitForFiles(): boolean {
    return this.letters.some(({ state }) => state === "files");
  }

  /**
   * Hands it to the server, which holds it as long as it can be taken back, or until its time. Once that is said it goes out,
   * whatever becomes of the page.
   */
  hold(letter: WritingLetter, until?: Timestamp): void {
    // Whoever presses Undo from now on means this letter, and not what was done before it.
    this.#around.toasts.close();
    this.#put({ letter, since: Date.now(), state: "sending" });
    const promised = this.#promise(letter, until);
    const sent = this.#handOver(letter, promised, until);
    const undo = () => void this.#undo(letter, sent);
    const undoing: Toast =
      until === undefined
        ? { text: m["outbox.held"](), icon: Send, undo, hurry: m["outbox.now"](), over: () => void this.#release(sent) }
        : { text: m["outbox.later"]({ when: when(until) }), icon: Send, undo };
    const tell = () => this.#around.toasts.show((this.#undoing = undoing));
    void promised.then(tell, () => undefined);
  }

  /** Writes down on the device that it is to go out: if this page ends before the server has it, the next one sends it. */
  async #promise(letter: WritingLetter, until?: Timestamp): Promise<void> {
    await letter.settled();
    await letter.save(); // files may take their time, and a lock may come
    await this.#filesUp(letter, until);
    await letter.save();
    if (letter.id !== null) await this.#around.vault.call("hold", { id: letter.id, until: until ?? null });
  }

  /** When all of its attachments are at the server. Until then it can be taken back. */
  async #filesUp(letter: WritingLetter, until: Timestamp | undefined): Promise<void> {
    if (!letter.files || letter.files.allUp) return;
    const waits: Outgoing = { letter, since: Date.now(), state: "files", until };
    this.#put(waits);
    this.#around.announcer.say(m["outbox.waits_for_files"]());
    // Each that is up stays so, whatever becomes of the others.
    const stop = letter.files.follow(({ state }) => state.is === "up" && this.#of(letter) === waits && void letter.save());
    const up = await letter.files.settled();
    stop();
    if (this.#of(letter) !== waits) throw refused("unsaved"); // taken back, or locked, meanwhile
    if (!up) throw refused("blob-missing");
    this.#put({ ...waits, state: "sending" });
  }

  #handOver(letter: WritingLetter, promised: Promise<void>, until: Timestamp | undefined): Promise<readonly string[] | undefined> {
    const sent = this.#send(letter, promised, HELD, until);
    this.#sending.set(sent, letter);
    void sent.finally(() => this.#sending.delete(sent));
    return sent;
  }

  /** A draft that could not go out, or that was thrown away, back on the page where it is written, with every word. */
  takeBack(letter: WritingLetter): void {
    this.#drop(letter);
    if (letter.id !== null) void this.#around.vault.call("take_back", { id: letter.id }).catch(problemIn);
    this.#goOn(letter);
  }

  /** What was taken back, for the page that goes on with it. */
  fetch(): WritingLetter | undefined {
    const letter = this.takenBack;
    this.takenBack = undefined;
    return letter;
  }

  retry(letter: WritingLetter): void {
    this.#put({ letter, since: Date.now(), state: "sending" });
    const sent = this.#send(letter, this.#promise(letter), 0);
    void sent.then((ids) => ids !== undefined && this.#around.announcer.say(m["outbox.sent"]()));
  }

  /** What the server calls its letters; undefined where it waits here or could not go. */
  async #send(letter: WritingLetter, promised: Promise<void>, hold: number, until?: Timestamp): Promise<readonly string[] | undefined> {
    const since = Date.now();
    try {
      await promised;
      const { ids } = await this.#around.vault.call("send", { written: letter.content, hold, until: until ?? null });
      this.#drop(letter);
      return ids;
    } catch (failed) {
      const problem = problemIn(failed);
      // Locked or signed out meanwhile: it goes when the mailbox is opened again. Taken back: it is being written on.
      if (this.#of(letter) && problem.name !== "unsaved") this.#failed(letter, since, problem);
      return undefined;
    }
  }

  /** It can't be undone here any more: it need not wait. */
  async #release(sent: Promise<readonly string[] | undefined>): Promise<void> {
    const ids = await sent;
    if (ids === undefined) return;
    try {
      await this.#around.vault.call("release", { ids: [...ids] });
      this.#around.announcer.say(m["outbox.sent"]());
    } catch (failed) {
      problemIn(failed); // it goes by itself, soon
    }
  }

  async #undo(letter: WritingLetter, sent: Promise<readonly string[] | undefined>): Promise<void> {
    const ids = await sent;
    if (ids === undefined) return this.takeBack(letter);
    await this.undoSent(ids, letter);
  }

  /** Has the letters of one post back that the server still holds, to be written on. */
  async undoSent(ids: readonly string[], letter?: WritingLetter): Promise<void> {
    const { toasts } = this.#around;
    if (toasts.current === this.#undoing) toasts.dismiss();
    const back = await this.#takenBack(ids, letter);
    if (back) this.#goOn(back);
  }

  /** Sends letters now that were to go later: sealed anew, for the date that they bear is that of another day. */
  async sendNow(ids: readonly string[]): Promise<void> {
    const letter = await this.#takenBack(ids);
    if (letter) this.hold(letter);
  }

  async #takenBack(ids: readonly string[], letter?: WritingLetter): Promise<WritingLetter | undefined> {
    const { vault, toasts } = this.#around;
    try {
      const draft = await vault.call("take_letters_back", { ids: [...ids] });
      const back = letter ?? new WritingLetter(vault, await vault.call("draft", { id: draft.id }), this.#around.outward);
      back.became(draft);
      return back;
    } catch (failed) {
      toasts.show({ text: sentence(problemIn(failed)) });
      return undefined;
    }
  }

  #goOn(letter: WritingLetter): void {
    this.takenBack = letter;
    this.#around.router.go(letter.id === null ? "/mail/write" : `/mail/write#${letter.id}`);
  }

  #failed(letter: WritingLetter, since: number, problem: Problem): void {
    if (problem.name === "waiting") {
      this.#put({ letter, since, state: "waiting" });
      this.#around.announcer.say(m["outbox.waiting"]());
    } else if (problem.name === "too-many-letters") {
      this.#put({ letter, since, state: "waiting", problem });
      this.#around.announcer.say(sentence(problem));
    } else {
      this.#put({ letter, since, state: "failed", problem });
      letter.recipients.lookEverybodyUp(); // so that the desk says the same as this
      this.#around.announcer.warn(m["outbox.failed"]());
    }
  }

  async #givenBack(id: string, problem: Problem): Promise<void> {
    const out = this.letters.find(({ letter }) => letter.id === id);
    if (out) return this.#failed(out.letter, out.since, problem);
    try {
      const { vault, outward } = this.#around;
      const draft = await vault.call("draft", { id });
      this.#failed(new WritingLetter(vault, draft, outward), Date.parse(draft.saved), problem);
    } catch (failed) {
      problemIn(failed); // locked meanwhile: the draft is there
    }
  }

  /** Something changed at the server: what is no draft any more has gone out. */
  async #forgetSent(): Promise<void> {
    const waited = this.letters.filter(({ state }) => state === "waiting");
    if (waited.length === 0) return;
    try {
      const drafts = await this.#around.vault.call("drafts", {});
      const gone = waited.filter(({ letter }) => !drafts.some(({ id }) => id === letter.id));
      for (const { letter } of gone) this.#drop(letter);
      if (gone.length > 0) this.#around.announcer.say(m["outbox.sent"]());
    } catch (failed) {
      problemIn(failed);
    }
  }

  /** When everything that is being handed over was, or could not be. */
  async #handedOver(): Promise<void> {
    const handed = [...this.#sending].filter(([, letter]) => this.#of(letter)?.state !== "files");
    await Promise.all(handed.map(([sent]) => sent));
    if (this.#waitForFiles) throw refused("unsaved");
  }

  /** The mailbox is locked: what waits for its files is sent when it is open again, for that is what its writer said. */
  #interrupt(): void {
    const interrupted = this.letters.flatMap(({ letter: { id }, state, until }) => (state === "files" && id !== null ? { id, until } : []));
    this.#forget();
    this.#interrupted = interrupted;
  }

  async #goOnSending(): Promise<void> {
    const interrupted = this.#interrupted;
    this.#interrupted = [];
    const { vault, outward } = this.#around;
    for (const { id, until } of interrupted) {
      try {
        const letter = new WritingLetter(vault, await vault.call("draft", { id }), outward);
        this.hold(letter, until !== undefined && isLater(until) ? until : undefined);
      } catch (failed) {
        problemIn(failed); // thrown away or sent on another device
      }
    }
  }

  #forget(): void {
    this.#interrupted = this.letters = [];
    this.takenBack = undefined;
  }

  #put(out: Outgoing): void {
    // By letter, or by draft: a letter that failed may have been opened and sent anew.
    const others = this.letters.filter(
      ({ letter }) => letter !== out.letter && (letter.id === null || letter.id !== out.letter.id),
    );
    this.letters = [out, ...others];
  }

  #of(letter: WritingLetter): Outgoing | undefined {
    return this.letters.find((out) => out.letter === letter);
  }

  #drop(letter: WritingLetter): void {
    this.letters = this.letters.filter((out) => out.letter !== letter);
  }
}

const outboxes = new WeakMap<Session, Outbox>();

/** One for each session of the page: it outlives the pages of the mailbox, and not the person. */
export function outboxOf(around: Surroundings): Outbox {
  let outbox = outboxes.get(around.session);
  if (!outbox) outboxes.set(around.session, (outbox = new Outbox(around)));
  return outbox;
}
