// Who is here, and how their mailbox stands: shut, locked or open. The Workers know; this follows them.
import { createContext, flushSync } from "svelte";
import { LOCK_PATIENCE, pause, problemIn, type LockReason, type mailbox, type MailboxEvent, type Start } from "../worker/index.ts";
import { Remembered } from "../worker/remembered.ts";
import type { Counts, FactorKind, Language, Me, Problem, Sheet, SlotKind } from "../worker/types.ts";

type Mailbox = typeof mailbox;

/** Leaving: nothing of the mailbox is drawn any more, and nothing else yet. */
export type SessionState = "starting" | "signed-out" | "locked" | "open" | "leaving";

/** The session was ended from elsewhere; or this device is clean and the server could not be told. */
export type Farewell = "ended-elsewhere" | "lives-on";

/** After what a person is asked to keep the recovery sheet: the one that was made with the password, or a new one. */
export type SheetAsked = { after: "registering" | "recovering" | "renewing"; sheet: Sheet } | { after: "signing-in" };

/** Keeps what is being written. Rejects if it could not: then the person is asked before it is lost. */
export type Keep = () => Promise<void>;

const NONE: Counts = { inbox: 0, unread: 0, sent: 0, archive: 0, drafts: 0, trash: 0, arrived: 0, changed: false, more: false, waits: [] };

export class Session {
  #mailbox: Mailbox;
  #moved: (before: SessionState) => void;
  #keeps = new Set<Keep>();
  readonly #goOn = new Set<() => void>();
  /** What this page is about to do itself; the event that comes of it is no news. */
  #doing: "lock" | "sign-out" | null = null;
  /** The question for the sheet outlives a reload and a lock; its answer lasts until the next sign-in. */
  readonly #unanswered = new Remembered(() => sessionStorage, "securemailbox.sheet_asked");

  state = $state<SessionState>("starting");
  /** Whose mailbox is open. */
  me = $state.raw<Me | null>(null);
  /** Whose session it is; known when locked too. */
  address = $state("");
  counts = $state.raw<Counts>(NONE);
  online = $state(navigator.onLine);
  /** When the server was last known to be reached, while it is not. */
  reachedAt = $state(Date.now());
  /** `opens`: by what it is unlocked, where the server was asked. */
  locked = $state.raw<{ reason: LockReason | "reload"; at: number; opens?: readonly SlotKind[] } | null>(null);
  /** What a person who is signed out should know. */
  farewell = $state<Farewell | null>(null);
  /** The recovery sheet comes before the mailbox. */
  sheetAsked = $state.raw<SheetAsked | null>(null);
  /** What was proved when somebody signed in on this page, until they have seen what it says of their reserve. */
  signedInBy = $state.raw<FactorKind | null>(null);
  /** Why the person is still signed in, after they wanted to leave. */
  staysBecause = $state.raw<Problem | null>(null);
  /** Whose mailbox was open in this tab last. */
  formerAddress = "";
  /** The start failed; the page can't tell yet who is here. */
  unreachable = $state.raw<Problem | null>(null);
  /** Whoever is here chose to stay signed in on this device. */
  kept = false;

  /** `moved` is called when another page may be the right one. */
  constructor(mailbox: Mailbox, moved: (before: SessionState) => void) {
    this.#mailbox = mailbox;
    this.#moved = moved;
    mailbox.on((event) => this.#hear(event));
    addEventListener("offline", () => this.#reached(false));
    addEventListener("online", () => this.#reached(true));
  }

  /** What the Workers find when the page is loaded. */
  async begin(start: () => Promise<Start>): Promise<void> {
    this.unreachable = null;
    try {
      this.#began(await start());
    } catch (error) {
      this.unreachable = problemIn(error);
    }
  }

  #began(start: Start): void {
    if (start.state === "open") this.opened(start.me);
    else if (start.state === "locked") this.#lockedFor(start.address, "reload", start.opens);
    else this.#over();
  }

  /** Somebody signed in with password and code. Whoever has no recovery sheet is asked for it, each time. */
  signedIn(me: Me, by?: FactorKind): void {
    this.signedInBy = by ?? null;
    this.opened(me, me.sheet_owed ? { after: "signing-in" } : null);
  }

  /** The mailbox is open: by a reload, by signing in, unlocking, registering or recovering. */
  opened(me: Me, asked: SheetAsked | null = null): void {
    if (asked) this.#unanswered.value = "1";
    this.sheetAsked = asked ?? (me.sheet_owed && this.#unanswered.value !== null ? { after: "signing-in" } : null);
    this.me = me;
    this.address = me.address;
    this.kept = me.kept;
    this.locked = null;
    this.farewell = null;
    const unlocked = this.state === "locked";
    this.#become("open");
    void this.#count();
    if (unlocked) for (const goOn of this.#goOn) goOn();
  }

  /** Something about the person changed while the mailbox is open: another sheet was kept. */
  renewed(me: Me): void {
    this.me = me;
  }

  /** The sheet was kept, or put off once more: on to the mailbox. */
  sheetSettled(me: Me | null): void {
    if (me) this.me = me;
    this.sheetAsked = null;
    this.#unanswered.value = null;
    this.#become("open");
  }

  /** Called before lock and sign-out, until the returned function is called. */
  keepBeforeLeaving(keep: Keep): () => void {
    this.#keeps.add(keep);
    return () => this.#keeps.delete(keep);
  }

  /** Called each time the mailbox is open again after a lock. */
  afterUnlocking(goOn: () => void): void {
    this.#goOn.add(goOn);
  }

  /** Letters and keys leave the page at once and the memory soon after; the session stays. */
  async lock(why: LockReason = "asked"): Promise<void> {
    if (this.state !== "open") return;
    const kept = this.#keepAll().catch(() => undefined); // what can't be kept now is in the Worker's hands anyway
    this.#leave();
    this.#doing = "lock";
    await Promise.race([kept, pause(LOCK_PATIENCE)]);
    await this.#mailbox.lock(why);
    this.#doing = null;
    this.#lockedFor(this.address, why);
  }

  /** Everything of this person leaves the device; nothing does while something written would be lost. */
  async signOut({ loseUnsent = false } = {}): Promise<void> {
    this.staysBecause = null;
    this.#doing = "sign-out";
    try {
      if (loseUnsent) await this.#mailbox.call("give_up_unsent", {});
      else await this.#keepAll();
      const serverKnows = await this.#mailbox.signOut();
      this.#over(serverKnows ? null : "lives-on");
    } catch (error) {
      this.staysBecause = problemIn(error);
    } finally {
      this.#doing = null;
    }
  }

  /** The account keeps the language for e-mails and SMS. */
  async speak(language: Language): Promise<void> {
    if (this.state !== "open") return;
    // Offline it stays as it was for e-mails; the page itself has followed already.
    await this.#mailbox.call("set_language", { language }).catch(() => undefined);
  }

  async #keepAll(): Promise<void> {
    await Promise.all([...this.#keeps].map((keep) => keep()));
  }

  async #count(): Promise<void> {
    try {
      this.counts = await this.#mailbox.call("counts", {});
    } catch {
      // Locked or ended meanwhile: an event says so.
    }
  }

  /** Another device may have chosen another name, or kept the sheet. */
  async #lookAgain(): Promise<void> {
    try {
      const me = await this.#mailbox.call("me", {});
      if (this.state === "open" && JSON.stringify(me) !== JSON.stringify(this.me)) this.me = me;
    } catch {
      // Locked or ended meanwhile: an event says so.
    }
  }

  #hear(event: MailboxEvent): void {
    switch (event.event) {
      case "changed":
        this.counts = event.counts;
        void this.#lookAgain();
        break;
      case "connection":
        this.#reached(event.online);
        break;
      case "given_back":
      case "draft":
        break;
      case "idle":
        void this.lock("idle");
        break;
      case "locked":
        if (this.state === "open" && this.#doing === null) this.#lockedFor(this.address, event.why);
        break;
      case "ended":
        if (this.state === "signed-out" || this.#doing === "sign-out") break;
        this.#over("ended-elsewhere");
        break;
    }
  }

  #reached(online: boolean): void {
    if (this.online && !online) this.reachedAt = Date.now();
    this.online = online;
  }

  #lockedFor(address: string, reason: LockReason | "reload", opens?: readonly SlotKind[]): void {
    this.#forget();
    this.address = address;
    this.locked = { reason, at: Date.now(), ...(opens ? { opens } : {}) };
    this.#become("locked");
  }

  #over(farewell: Farewell | null = null): void {
    this.#forget();
    this.farewell = farewell;
    this.#unanswered.value = null;
    this.formerAddress = this.address;
    this.address = "";
    this.kept = false;
    this.#become("signed-out");
  }

  #become(state: SessionState): void {
    const before = this.state;
    if (before === "open" && state !== "open") this.#leave();
    this.state = state;
    this.#moved(before);
  }

  /** The mailbox goes from the page by itself, first: what is drawn in the same go may hold on to what it replaced. */
  #leave(): void {
    this.state = "leaving";
    flushSync();
  }

  #forget(): void {
    this.me = null;
    this.counts = NONE;
    this.locked = null;
    this.sheetAsked = null;
  }
}

export const [getSession, setSession] = createContext<Session>();
