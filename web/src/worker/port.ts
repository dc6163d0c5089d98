// What the page and its Workers say to each other. Calls and answers are JSON, as the Rust side has them.

import type { Counts, DraftNews, GivenBack, Me, Problem, Pulse } from "./types.ts";

/** The page to a Worker. */
export type ToWorker =
  | { do: "begin"; module: WebAssembly.Module; session: string | null; handover: MessagePort | null }
  /** `output`: of a passkey, for this call. It is transferred, so that no copy stays with the page. */
  | { do: "call"; id: number; call: string; args: string; output: ArrayBuffer | null }
  /** What the guest Worker leaves to the open mailbox comes on this port, and it leaves it on that. */
  | { do: "take_in"; from: MessagePort }
  | { do: "leave_to"; to: MessagePort }
  /** The files Worker asks on this port for what it needs. */
  | { do: "keep_for"; files: MessagePort }
  | { do: "keep" }
  /** Drafts go to the server now: their page goes. */
  | { do: "hand_in" };

/** A Worker to the page. */
export type ToPage =
  | { say: "answer"; id: number; answer: string }
  | { say: "refusal"; id: number; problem: Problem }
  /** The mailbox that the sign-in Worker handed over is open, or is not. */
  | { say: "opened"; me: Me }
  | { say: "not_opened"; problem: Problem }
  /** What the guest Worker left is here. */
  | { say: "taken_in" }
  /** What this tab has to keep so that a reload opens by itself; `null`: nothing any more. */
  | { say: "session"; session: string | null }
  | { say: "event"; event: MailboxEvent };

/** Why a mailbox was locked: left alone, by hand, or because its Worker broke. */
export type LockReason = "idle" | "asked" | "broken";

export type MailboxEvent =
  /** After a sync that brought something; `counts.arrived` letters are new in the inbox. */
  | { event: "changed"; counts: Counts; arrived: number }
  | { event: "connection"; online: boolean }
  /** A letter that was to go out can't, and is a draft again. */
  | ({ event: "given_back" } & GivenBack)
  /** A draft is another one now, because two people wrote on in it or it was erased, or the server refused it. */
  | ({ event: "draft" } & DraftNews)
  /** Nobody has touched the page for too long: it is to lock. */
  | { event: "idle" }
  /** The keys are gone, here or in another tab; the session stays. */
  | { event: "locked"; why: LockReason }
  /** The session is over, here or elsewhere. */
  | { event: "ended" };

/** The name that tabs of one browser hear each other by. */
export const TABS = "securemailbox";

/** What tabs tell each other. */
export type ToTabs =
  | { tell: "pulse"; heard: Pulse | null }
  | { tell: "connection"; online: boolean }
  | { tell: "active" }
  | { tell: "opened"; address: string }
  | { tell: "locked"; why: LockReason }
  | { tell: "ended" }
  | { tell: "whose_session" }
  | { tell: "session"; session: string };

/** The Worker broke, which no server can cause by answering: a fault of ours. */
export const BROKEN: Problem = { name: "broken-page", class: "unavailable", address: null, level: null, retry_after: null, offers: [], request: null };
