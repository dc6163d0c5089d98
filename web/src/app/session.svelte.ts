// Who is here, and how their mailbox stands: shut, locked or open. The Workers know; this follows them.
import { createContext } from "svelte";
import type { mailbox, MailboxEvent, Start } from "../worker/index.ts";
import type { Counts, Language, Me } from "../worker/types.ts";

type Mailbox = typeof mailbox;

export type SessionState = "starting" | "signed-out" | "locked" | "open";

/** Why a locked page is locked. */
export type LockReason = "idle" | "asked" | "reload";

/** Keeps what is being written. Rejects if it could not: then the person is asked before it is lost. */
export type Keep = () => Promise<void>;

const NONE: Counts = { inbox: 0, unread: 0, sent: 0, drafts: 0, trash: 0, arrived: 0 };

export class Session {
  #mailbox: Mailbox;
  #moved: (before: SessionState) => void;
  #keeps = new Set<Keep>();

  state = $state<SessionState>("starting");
  /** Whose mailbox is open. */
  me = $state.raw<Me | null>(null);
  /** Whose session it is; known when locked too. */
  address = $state("");
  counts = $state.raw<Counts>(NONE);
  online = $state(navigator.onLine);
  locked = $state.raw<{ reason: LockReason; at: number } | null>(null);
  /** The session was ended from elsewhere, and the person has not been told yet. */
  endedElsewhere = $state(false);
  /** Signed in without a recovery sheet: the sheet comes first. */
  asksForSheet = $state(false);

  /** `moved` is called when another page may be the right one. */
  constructor(mailbox: Mailbox, moved: (before: SessionState) => void) {
    this.#mailbox = mailbox;
    this.#moved = moved;
    mailbox.on((event) => this.#hear(event));
    addEventListener("offline", () => (this.online = false));
    addEventListener("online", () => (this.online = true));
  }

  /** What the Workers found when the page was loaded. */
  began(start: Start): void {
    if (start.state === "open") this.opened(start.me);
    else if (start.state === "locked") this.#lockedFor(start.address, "reload");
    else this.#over();
  }

  /** A person signed in: by password, by registering or by the recovery sheet. */
  signedIn(me: Me): void {
    this.asksForSheet = me.sheet_owed;
    this.opened(me);
  }

  opened(me: Me): void {
    this.me = me;
    this.address = me.address;
    this.locked = null;
    this.endedElsewhere = false;
    this.#become("open");
    void this.#count();
  }

  /** Something about the person changed: the sheet was kept. */
  renewed(me: Me): void {
    this.me = me;
  }

  /** Called before lock and sign-out, until the returned function is called. */
  keepBeforeLeaving(keep: Keep): () => void {
    this.#keeps.add(keep);
    return () => this.#keeps.delete(keep);
  }

  /** Letters and keys leave the memory; the session stays. What can't be kept now is in the Worker's hands anyway. */
  async lock(): Promise<void> {
    await this.#keepAll().catch(() => undefined);
    await this.#mailbox.lock();
    this.#lockedFor(this.address, "asked");
  }

  /**
   * Everything of this person leaves the device.
   *
   * Rejects, and does nothing, when something that was written could not be kept; `regardless` loses it.
   */
  async signOut({ regardless = false } = {}): Promise<void> {
    if (!regardless) await this.#keepAll();
    await this.#mailbox.signOut();
    this.#over();
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

  #hear(event: MailboxEvent): void {
    switch (event.event) {
      case "changed":
        this.counts = event.counts;
        break;
      case "connection":
        this.online = event.online;
        break;
      case "sent":
        break;
      case "locked":
        if (this.state === "open") this.#lockedFor(this.address, "idle");
        break;
      case "ended":
        if (this.state === "signed-out") break;
        this.endedElsewhere = true;
        this.#over();
        break;
    }
  }

  #lockedFor(address: string, reason: LockReason): void {
    this.#forget();
    this.address = address;
    this.locked = { reason, at: Date.now() };
    this.#become("locked");
  }

  #over(): void {
    this.#forget();
    this.address = "";
    this.#become("signed-out");
  }

  #become(state: SessionState): void {
    const before = this.state;
    this.state = state;
    this.#moved(before);
  }

  #forget(): void {
    this.me = null;
    this.counts = NONE;
    this.locked = null;
    this.asksForSheet = false;
  }
}

export const [getSession, setSession] = createContext<Session>();
