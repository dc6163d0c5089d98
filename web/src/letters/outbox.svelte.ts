// Letters on their way out. Sending waits ten seconds, so that it can be undone (GUIDE "Undo"); the Worker keeps on the
// device what is to go, and this only tells what becomes of it.

import Send from "@lucide/svelte/icons/send";

import type { Announcer } from "../app/announcer.svelte.ts";
import { sentence } from "../app/problems.ts";
import type { Router } from "../app/router.svelte.ts";
import type { Session } from "../app/session.svelte.ts";
import type { Toasts } from "../app/toasts.svelte.ts";
import { m } from "../paraglide/messages.js";
import { problemIn, type mailbox } from "../worker/index.ts";
import type { Problem } from "../worker/types.ts";
import { WritingLetter } from "./write/writing.svelte.ts";

type Vault = Pick<typeof mailbox, "call" | "on">;

export interface Outgoing {
  readonly letter: WritingLetter;
  readonly since: number;
  readonly state:
    /** Can be undone. */
    | "held"
    | "sending"
    /** It goes by itself when the server is back, or takes letters from here again. */
    | "waiting"
    | "failed";
  readonly problem?: Problem;
}

/** What surrounds the outbox in the page. */
export interface Surroundings {
  vault: Vault;
  toasts: Toasts;
  announcer: Announcer;
  router: Router;
  session: Session;
}

export class Outbox {
  letters = $state.raw<readonly Outgoing[]>([]);
  readonly #around: Surroundings;
  /** Taken back to be written on, until its page fetches it. */
  takenBack = $state.raw<WritingLetter>();

  constructor(around: Surroundings) {
    this.#around = around;
    around.vault.on((event) => {
      if (event.event === "changed") void this.#forgetSent();
      if (event.event === "given_back") void this.#givenBack(event.draft, event.problem);
      if (event.event === "locked" || event.event === "ended") this.#empty();
    });
    around.session.keepBeforeLeaving(() => this.#flush());
    // A page that is hidden on a phone may never be seen again, and one that is left won't: both send now.
    document.addEventListener("visibilitychange", () => document.hidden && void this.#flush());
    addEventListener("pagehide", () => void this.#flush());
  }

  /** Lets it go in ten seconds. That it is to go stands on the device from now on, whatever becomes of the page. */
  hold(letter: WritingLetter): void {
    if (letter.id !== null) void this.#around.vault.call("hold", { id: letter.id }).catch(problemIn);
    this.#put({ letter, since: Date.now(), state: "held" });
    this.#around.toasts.show({
      text: m["outbox.held"](),
      icon: Send,
      undo: () => this.takeBack(letter),
      hurry: m["outbox.now"](),
      over: () => void this.#send(letter),
    });
  }

  /** Back to the page where it is written, with every word. */
  takeBack(letter: WritingLetter): void {
    this.#drop(letter);
    if (letter.id !== null) void this.#around.vault.call("take_back", { id: letter.id }).catch(problemIn);
    this.takenBack = letter;
    this.#around.router.go(letter.id === null ? "/mail/write" : `/mail/write#${letter.id}`);
  }

  /** What was taken back, for the page that goes on with it. */
  fetch(): WritingLetter | undefined {
    const letter = this.takenBack;
    this.takenBack = undefined;
    return letter;
  }

  retry(letter: WritingLetter): void {
    void this.#send(letter);
  }

  async #send(letter: WritingLetter): Promise<void> {
    const out = this.#of(letter);
    if (!out || out.state === "sending") return;
    const { since } = out;
    this.#put({ letter, since, state: "sending" });
    try {
      await letter.settled();
      await this.#around.vault.call("send", letter.content);
      this.#drop(letter);
      this.#around.announcer.say(m["outbox.sent"]());
    } catch (failed) {
      const problem = problemIn(failed);
      // Locked or signed out meanwhile: it goes when the mailbox is opened again.
      if (this.#of(letter)) this.#failed(letter, since, problem);
    }
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
      const draft = await this.#around.vault.call("draft", { id });
      this.#failed(new WritingLetter(this.#around.vault, draft), Date.parse(draft.saved), problem);
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

  /** Closes the way back, and sends. */
  async #flush(): Promise<void> {
    const held = this.letters.filter(({ state }) => state === "held");
    if (held.length === 0) return;
    const going = held.map(({ letter }) => this.#send(letter));
    this.#around.toasts.close();
    await Promise.all(going);
  }

  #empty(): void {
    this.letters = [];
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
