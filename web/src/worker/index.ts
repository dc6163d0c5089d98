// The page's way to its Workers. Keys and letters' keys stay there; what comes here is what a person may see.

import { device, SESSION_ITEM } from "./device.ts";
import mailboxUrl from "./mailbox_worker.ts?worker&url";
import { BROKEN, TABS, type MailboxEvent, type ToPage, type ToTabs, type ToWorker } from "./port.ts";
import signInUrl from "./sign_in_worker.ts?worker&url";
import type { MailboxCalls, Me, Problem, SignInCalls } from "./types.ts";
import moduleUrl from "./vault/vault_bg.wasm?url";

export type { MailboxEvent } from "./port.ts";

/** A call was not done. */
export class CallFailed extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.name);
    this.problem = problem;
  }
}

export type Start = { state: "open"; me: Me } | { state: "locked"; address: string } | { state: "signed-out" };

/** In `sessionStorage`, which dies with the tab: what a reload opens by. Opens nothing without the server's half. */
const SESSION = "securemailbox.session";
/** In `localStorage`: somebody may be signed in here, so a start asks. Strangers load no WebAssembly. */
const HINT = "securemailbox.signed_in";
/** PROTOCOL §9a: locks by itself unless the person chose to stay signed in. */
const LOCKS_AFTER = 15 * 60_000;
const LOOKS_EVERY = 15_000;
/** How long the Worker may take to write down what it saw before its keys go. */
const LOCK_PATIENCE = 5_000;

const workerPolicy = globalThis.trustedTypes?.createPolicy("securemailbox-worker", {
  createScriptURL(url) {
    if (new URL(url, location.href).origin !== location.origin) throw new TypeError("a Worker of another origin");
    return url;
  },
});

let compiled: Promise<WebAssembly.Module> | undefined;

function vault(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compileStreaming(fetch(moduleUrl)).catch((error: unknown) => {
    compiled = undefined; // a lost network must not last
    throw error;
  });
  return compiled;
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

type Waiting = { resolve: (answer: unknown) => void; reject: (failed: CallFailed) => void };

/** One Worker, and the calls that it has not answered yet. */
class Desk {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor(url: string, heard: (message: ToPage) => void) {
    this.#worker = new Worker(workerPolicy?.createScriptURL(url) ?? url, { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<ToPage>) => {
      if (data.say === "answer") this.#settle(data.id)?.resolve(JSON.parse(data.answer));
      else if (data.say === "refusal") this.#settle(data.id)?.reject(new CallFailed(data.problem));
      else heard(data);
    };
    this.#worker.onerror = () => this.end();
  }

  async begin(handover: MessagePort | null): Promise<void> {
    let module: WebAssembly.Module;
    try {
      module = await vault();
    } catch {
      throw new CallFailed({ name: "unreachable", class: "unavailable", address: null, retry_after: null });
    }
    this.tell({ do: "begin", module, session: sessionStorage.getItem(SESSION), handover }, handover ? [handover] : []);
  }

  call(call: string, args: unknown): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.tell({ do: "call", id, call, args: JSON.stringify(args) });
    });
  }

  tell(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** Ends the Worker, and with it every key in its memory. */
  end(): void {
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new CallFailed(BROKEN));
    this.#waiting.clear();
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

function hear(message: ToPage): void {
  if (message.say === "session") {
    if (message.session === null) sessionStorage.removeItem(SESSION);
    else sessionStorage.setItem(SESSION, message.session);
  } else if (message.say === "event") {
    if (message.event.event === "ended") forget("ended");
    else emit(message.event);
  } else if (message.say === "opened") {
    attend(message.me);
    handed?.resolve(message.me);
  } else if (message.say === "not_opened") {
    handed?.reject(new CallFailed(message.problem));
  }
}

// ---- the mailbox ----

const listeners = new Set<(event: MailboxEvent) => void>();
const tabs = new BroadcastChannel(TABS);
let desk: Desk | undefined;
let kept = false;
let lastActive = Date.now();

function emit(event: MailboxEvent): void {
  for (const listener of listeners) listener(event);
}

async function opened(handover: MessagePort | null): Promise<Desk> {
  const opened = new Desk(mailboxUrl, hear);
  await opened.begin(handover);
  return opened;
}

function attend(me: Me): void {
  kept = me.kept;
  lastActive = Date.now();
  localStorage.setItem(HINT, "1");
}

/** The Worker goes, and what this tab kept of the session. */
function forget(event: "locked" | "ended"): void {
  desk?.end();
  desk = undefined;
  sessionStorage.removeItem(SESSION);
  if (event === "ended") localStorage.removeItem(HINT);
  emit({ event });
}

function tell(message: ToTabs): void {
  tabs.postMessage(message);
}

export const mailbox = {
  async call<C extends keyof MailboxCalls>(call: C, args: MailboxCalls[C][0]): Promise<MailboxCalls[C][1]> {
    if (!desk) throw new CallFailed({ name: "locked", class: "refused", address: null, retry_after: null });
    return (await desk.call(call, args)) as MailboxCalls[C][1];
  },

  /** Hears of everything that happens without being asked for; returns the way to stop hearing. */
  on(listener: (event: MailboxEvent) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  /** Forgets the keys; the session stays. A network that does not answer gets no say in it. */
  async lock(): Promise<void> {
    const locked = desk?.call("lock", {}).catch((error: unknown) => {
      if (!(error instanceof CallFailed)) throw error;
    });
    await Promise.race([locked, pause(LOCK_PATIENCE)]);
    forget("locked");
    tell({ tell: "locked" });
    await device.erase(SESSION_ITEM); // where the Worker did not get so far
  },

  /**
   * Erases what this browser kept and ends the session; resolves to whether the server knows. Rejects with `draft-waits`,
   * and does nothing, while something written would be lost.
   */
  async signOut(): Promise<boolean> {
    desk ??= await opened(null);
    let serverKnows = true;
    try {
      await desk.call("sign_out", {});
    } catch (error) {
      if (!(error instanceof CallFailed) || error.problem.name !== "session-lives-on") throw error;
      serverKnows = false;
    }
    forget("ended");
    tell({ tell: "ended" });
    return serverKnows;
  },
};

/** At load: opens by the device slot if it can. Costs no WebAssembly where nobody was signed in. */
export async function start(): Promise<Start> {
  if (localStorage.getItem(HINT) === null && sessionStorage.getItem(SESSION) === null) return { state: "signed-out" };
  desk ??= await opened(null);
  try {
    const me = (await desk.call("reopen", {})) as Me;
    attend(me);
    return { state: "open", me };
  } catch (error) {
    if (error instanceof CallFailed && error.problem.class === "unavailable") throw error;
    return await lockedOrNobody(desk);
  }
}

async function lockedOrNobody(asked: Desk): Promise<Start> {
  try {
    const { address } = (await asked.call("locked", {})) as { address: string };
    return { state: "locked", address };
  } catch (error) {
    if (!(error instanceof CallFailed) || error.problem.name !== "not-signed-in") throw error;
    localStorage.removeItem(HINT);
    return { state: "signed-out" };
  } finally {
    asked.end();
    desk = undefined;
    sessionStorage.removeItem(SESSION);
  }
}

tabs.addEventListener("message", ({ data }: MessageEvent<ToTabs>) => {
  if (data.tell === "active") lastActive = Date.now();
  if ((data.tell === "locked" || data.tell === "ended") && desk) forget(data.tell);
});

function active(): void {
  const now = Date.now();
  if (now - lastActive < LOOKS_EVERY) return;
  lastActive = now;
  tell({ tell: "active" });
}

for (const input of ["pointerdown", "keydown", "wheel"]) addEventListener(input, active, { passive: true, capture: true });
addEventListener("pagehide", () => desk?.tell({ do: "keep" }));
setInterval(() => {
  if (desk && !kept && Date.now() - lastActive >= LOCKS_AFTER) void mailbox.lock();
}, LOOKS_EVERY);

// ---- signing in ----

let front: Promise<Desk> | undefined;
let handed: { resolve: (me: Me) => void; reject: (failed: CallFailed) => void } | undefined;

/** Both Workers, and the channel between them that the page only passes on. */
async function atTheDoor(): Promise<Desk> {
  const { port1, port2 } = new MessageChannel();
  desk?.end();
  desk = await opened(port2);
  const door = new Desk(signInUrl, hear);
  await door.begin(port1);
  return door;
}

type Finishing = "make" | "enter_code" | "complete_recovery" | "unlock";

export const signIn = {
  async call<C extends keyof SignInCalls>(call: C, args: SignInCalls[C][0]): Promise<SignInCalls[C][1]> {
    front ??= atTheDoor().catch((error: unknown) => {
      front = undefined;
      throw error;
    });
    return (await (await front).call(call, args)) as SignInCalls[C][1];
  },

  /** The last step: resolves when the mailbox Worker has the mailbox open. */
  async finish<C extends Finishing>(call: C, args: SignInCalls[C][0]): Promise<Me> {
    const me = new Promise<Me>((resolve, reject) => (handed = { resolve, reject }));
    await signIn.call(call, args);
    // It has handed over, and ends itself.
    front = undefined;
    return await me;
  },

  /** Gives up what was begun. */
  end(): void {
    void front?.then((door) => door.end()).catch(() => undefined);
    front = undefined;
  },

  /** Fetches the WebAssembly ahead, while a person types. */
  prepare(): void {
    void vault().catch(() => undefined);
  },
};
