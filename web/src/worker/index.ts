// The page's way to its Workers. Keys and letters' keys stay there; what comes here is what a person may see.

import { lack } from "./able.ts";
import { device } from "./device.ts";
import mailboxUrl from "./mailbox_worker.ts?worker&url";
import { Idle } from "./idle.ts";
import { BROKEN, TABS, type LockReason, type MailboxEvent, type ToPage, type ToTabs } from "./port.ts";
import { Remembered } from "./remembered.ts";
import signInUrl from "./sign_in_worker.ts?worker&url";
import type { LockedMailbox, MailboxCalls, Me, Sheet, SignInCalls, SlotKind } from "./types.ts";
import { CallFailed, compiledModule, problemIn, WorkerCalls } from "./worker_calls.ts";

export type { LockReason, MailboxEvent } from "./port.ts";
export { CallFailed, problemIn } from "./worker_calls.ts";

export type Start = { state: "open"; me: Me } | ({ state: "locked" } & LockedMailbox) | { state: "signed-out" };

/** What a reload opens by, until the tab is closed. Opens nothing without the server's half. */
const session = new Remembered(() => sessionStorage, "securemailbox.session");
/** Somebody may be signed in here, so a start asks. Strangers load no WebAssembly. */
const hint = new Remembered(() => localStorage, "securemailbox.signed_in");
/** How long the Worker may take to write down what it saw before its keys go. */
export const LOCK_PATIENCE = 5_000;

export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

function hear(message: ToPage): void {
  if (message.say === "session") {
    session.value = message.session;
  } else if (message.say === "event") {
    if (message.event.event === "ended" || message.event.event === "locked") forget(message.event);
    else emit(message.event);
  } else if (message.say === "opened") {
    attend(message.me);
    handed?.resolve(message.me);
  } else if (message.say === "taken_in") {
    takenIn?.();
  } else if (message.say === "not_opened") {
    handed?.reject(new CallFailed(message.problem));
  }
}

// ---- the mailbox ----

const listeners = new Set<(event: MailboxEvent) => void>();
const tabs = new BroadcastChannel(TABS);
let mailboxWorker: WorkerCalls | undefined;
/** What somebody left who came by a link is with the mailbox Worker. */
let takenIn: (() => void) | undefined;
/** Whose mailbox is open; none while the Worker only waits for one. */
let open: Me | undefined;

function emit(event: MailboxEvent): void {
  for (const listener of listeners) listener(event);
}

async function begun(handover: MessagePort | null): Promise<WorkerCalls> {
  const worker = new WorkerCalls(mailboxUrl, hear, () => {
    if (open) forget({ event: "locked", why: "broken" });
    else if (worker === mailboxWorker) mailboxWorker = undefined;
  });
  await worker.begin(session.value, handover);
  return worker;
}

function attend(me: Me): void {
  open = me;
  idle.touched();
  hint.value = "1";
  tell({ tell: "opened", address: me.address });
}

/** The Worker goes, and what this tab kept of the session. */
function forget(event: Extract<MailboxEvent, { event: "locked" | "ended" }>): void {
  mailboxWorker?.end();
  mailboxWorker = undefined;
  open = undefined;
  session.value = null;
  handed?.reject(new CallFailed(BROKEN));
  signIn.end();
  if (event.event === "ended") hint.value = null;
  emit(event);
}

function tell(message: ToTabs): void {
  tabs.postMessage(message);
}

export const mailbox = {
  /** `output`: of a passkey, for the calls that say so; it is gone from here afterwards. */
  async call<C extends keyof MailboxCalls>(call: C, args: MailboxCalls[C][0], output: ArrayBuffer | null = null): Promise<MailboxCalls[C][1]> {
    if (!mailboxWorker) throw new CallFailed({ name: "locked", class: "refused", address: null, level: null, retry_after: null, offers: [], request: null });
    return (await mailboxWorker.call(call, args, output)) as MailboxCalls[C][1];
  },

  /** Another Worker leaves it something on this port: resolves when it is there. */
  takeIn(from: MessagePort): Promise<void> {
    const there = new Promise<void>((resolve) => (takenIn = resolve));
    mailboxWorker?.tell({ do: "take_in", from }, [from]);
    return there;
  },

  /** The files Worker asks it for what it needs. */
  keepFor(files: MessagePort): void {
    mailboxWorker?.tell({ do: "keep_for", files }, [files]);
  },

  /** Hears of everything that happens without being asked for; returns the way to stop hearing. */
  on(listener: (event: MailboxEvent) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  /** What was drafted goes to the server without waiting for more. */
  handIn(): void {
    mailboxWorker?.tell({ do: "hand_in" });
  },

  /** Forgets the keys; the session stays. A network that does not answer gets no say in it. */
  async lock(why: LockReason): Promise<void> {
    const locked = mailboxWorker?.call("lock", {}).catch(problemIn);
    await Promise.race([locked, pause(LOCK_PATIENCE)]);
    forget({ event: "locked", why });
    tell({ tell: "locked", why });
    await device.forgetSession().catch(() => undefined); // where the Worker did not get so far
  },

  /**
   * Erases what this browser kept and ends the session; resolves to whether the server knows. Rejects with `draft-waits`,
   * and does nothing, while something written would be lost.
   */
  async signOut(): Promise<boolean> {
    mailboxWorker ??= await begun(null);
    let serverKnows = true;
    try {
      await mailboxWorker.call("sign_out", {});
    } catch (error) {
      if (problemIn(error).name !== "session-lives-on") throw error;
      serverKnows = false;
    }
    forget({ event: "ended" });
    tell({ tell: "ended" });
    return serverKnows;
  },
};

/** At load: opens by the device slot if it can. Costs no WebAssembly where nobody was signed in. */
export async function start(): Promise<Start> {
  if (lack !== null || (hint.value === null && session.value === null)) return { state: "signed-out" };
  const worker = (mailboxWorker ??= await begun(null));
  try {
    const me = (await worker.call("reopen", {})) as Me;
    attend(me);
    return { state: "open", me };
  } catch (error) {
    if (problemIn(error).class === "unavailable") throw error;
    return await lockedOrNobody(worker);
  }
}

async function lockedOrNobody(asked: WorkerCalls): Promise<Start> {
  try {
    return { state: "locked", ...((await asked.call("locked", {})) as LockedMailbox) };
  } catch (error) {
    if (problemIn(error).name !== "not-signed-in") throw error;
    hint.value = null;
    return { state: "signed-out" };
  } finally {
    asked.end();
    mailboxWorker = undefined;
    session.value = null;
  }
}

/** What opens the mailbox that is locked, by the server's word: asked by a Worker of its own, which ends at once. */
export async function whatOpens(): Promise<SlotKind[]> {
  const worker = await begun(null);
  try {
    return ((await worker.call("locked", {})) as LockedMailbox).opens;
  } finally {
    worker.end();
  }
}

tabs.addEventListener("message", ({ data }: MessageEvent<ToTabs>) => {
  if (data.tell === "active") idle.touched();
  if (!open) return;
  if (data.tell === "locked") forget({ event: "locked", why: data.why });
  // Two people can't share one browser's cookie: whoever came last has it.
  if (data.tell === "ended" || (data.tell === "opened" && data.address !== open.address)) forget({ event: "ended" });
});

/** Asks for the lock once nobody has touched the page for too long, however it slept meanwhile. */
const idle = new Idle({
  overdue() {
    const overdue = open !== undefined && !open.kept;
    if (overdue) emit({ event: "idle" });
    return overdue;
  },
  active: () => tell({ tell: "active" }),
});
addEventListener("pagehide", () => mailboxWorker?.tell({ do: "keep" }));

// ---- signing in ----

let signInWorker: Promise<WorkerCalls> | undefined;
let handed: { resolve: (me: Me) => void; reject: (failed: CallFailed) => void } | undefined;

/** Resolves when the mailbox Worker has opened what another one hands it. */
function toBeHanded(): Promise<Me> {
  const me = new Promise<Me>((resolve, reject) => (handed = { resolve, reject }));
  me.catch(() => undefined); // it may be rejected before anybody waits for it
  return me;
}

/** Both Workers, and the channel between them that the page only passes on. */
async function bothWorkers(): Promise<WorkerCalls> {
  const { port1, port2 } = new MessageChannel();
  mailboxWorker?.end();
  mailboxWorker = await begun(port2);
  const worker = new WorkerCalls(signInUrl, hear, () => {
    signInWorker = undefined;
    handed?.reject(new CallFailed(BROKEN));
  });
  await worker.begin(session.value, port1);
  return worker;
}

/** Where the sign-in Worker beside an open mailbox hands over, should it have something to. */
let handover: MessagePort | undefined;
/** The open mailbox gives way to the renewed one. */
let renewing = false;

/** After a renewal that was refused the mailbox is opened as it was; or, if it can't be, it is locked. What was handed is used up. */
async function openAgain(): Promise<void> {
  void signInWorker?.then((worker) => worker.end()).catch(() => undefined);
  signInWorker = undefined;
  mailboxWorker?.end();
  mailboxWorker = undefined;
  try {
    mailboxWorker = await begun(null);
    attend((await mailboxWorker.call("reopen", {})) as Me);
  } catch {
    forget({ event: "locked", why: "asked" });
  }
}

/** A sign-in Worker beside the mailbox that is open, for another password or new locks. */
async function besideMailbox(): Promise<WorkerCalls> {
  const { port1, port2 } = new MessageChannel();
  handover = port2;
  const worker = new WorkerCalls(signInUrl, hear, () => {
    signInWorker = undefined;
    handed?.reject(new CallFailed(BROKEN));
  });
  await worker.begin(session.value, port1);
  return worker;
}

/** Whether somebody is signed in here, or was when this browser was closed. */
export function somebodyIsHere(): boolean {
  return open !== undefined || hint.value !== null || session.value !== null;
}

/** A mailbox is made by another Worker, which hands it over on this port: resolves when it is open. */
export async function takeOver<T>(port: MessagePort, make: () => Promise<T>): Promise<{ me: Me; said: T }> {
  const me = toBeHanded();
  const said = await make();
  mailboxWorker?.end();
  mailboxWorker = await begun(port);
  return { me: await me, said };
}

type Finishing = "renew" | "make_mailbox" | "enter_code" | "enter_passkey_proof" | "replace_password" | "unlock" | "unlock_by_passkey";

const UNLOCKING: readonly Finishing[] = ["unlock", "unlock_by_passkey"];

export const signIn = {
  async call<C extends keyof SignInCalls>(call: C, args: SignInCalls[C][0], output: ArrayBuffer | null = null): Promise<SignInCalls[C][1]> {
    signInWorker ??= (open ? besideMailbox() : bothWorkers()).catch((error: unknown) => {
      signInWorker = undefined;
      throw error;
    });
    return (await (await signInWorker).call(call, args, output)) as SignInCalls[C][1];
  },

  /** The last step: resolves when the mailbox Worker has the mailbox open, to whose it is and what the call said. */
  async finish<C extends Finishing>(call: C, args: SignInCalls[C][0], output: ArrayBuffer | null = null): Promise<{ me: Me; said: SignInCalls[C][1] }> {
    const me = toBeHanded();
    let said: SignInCalls[C][1];
    try {
      said = await signIn.call(call, args, output);
    } catch (error) {
      // Whoever unlocks has a session, or had one.
      if (UNLOCKING.includes(call) && problemIn(error).name === "not-signed-in") forget({ event: "ended" });
      throw error;
    }
    // It has handed over, and ends itself.
    signInWorker = undefined;
    return { me: await me, said };
  },

  /** A passkey alone: to whose mailbox is open, or to the address whose password opens it; then `unlock` finishes. */
  async finishByPasskey(args: SignInCalls["enter_passkey"][0], output: ArrayBuffer | null): Promise<Me | { passwordOf: string }> {
    const me = toBeHanded();
    const { password_of } = await signIn.call("enter_passkey", args, output);
    if (password_of !== null) return { passwordOf: password_of };
    signInWorker = undefined;
    return await me;
  },

  /**
   * After `begin_renewal`: the open mailbox gives way to the renewed one, in this tab; the others are locked, since what they
   * hold opens nothing any more. Where it is refused, the mailbox is open as it was.
   */
  async renew(args: SignInCalls["renew"][0]): Promise<{ me: Me; said: Sheet }> {
    const others = { tell: "locked", why: "asked" } as const;
    tell(others);
    mailboxWorker?.end();
    renewing = true;
    try {
      mailboxWorker = await begun(handover ?? null);
      const renewed = await signIn.finish("renew", args);
      // One that was opened meanwhile has the former secret.
      tell(others);
      return renewed;
    } catch (refusal) {
      await openAgain();
      throw refusal;
    } finally {
      renewing = false;
    }
  },

  /** Gives up what was begun, or ends what is done beside an open mailbox: the memory that a password needed goes with it. */
  end(): void {
    if (renewing) return; // it ends itself; broken off, nobody would know which locks are there
    void signInWorker?.then((worker) => worker.end()).catch(() => undefined);
    signInWorker = undefined;
  },

  /** Fetches the WebAssembly ahead, while a person types. */
  prepare(): void {
    if (lack === null) void compiledModule().catch(() => undefined);
  },
};
