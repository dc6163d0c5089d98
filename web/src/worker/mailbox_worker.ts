// The mailbox Worker: holds the keys from sign-in to lock, follows the server, and shows the page what was verified.

import { answer, problemOf, Queue, say } from "./entry.ts";
import { Live } from "./live.ts";
import { Outside, type Tab } from "./outside.ts";
import { TABS, type ToTabs, type ToWorker } from "./port.ts";
import type { Counts, Me, Problem, WentOut } from "./types.ts";
import { initSync, MailboxWorker } from "./vault/vault.js";

/** How long what was seen may wait before it is written down. */
const KEEP_AFTER = 1_000;
/** Held by the calls that change what waits on this device, which belongs to all tabs. */
const UNSENT = "securemailbox-unsent";
const CHANGE_UNSENT: ReadonlySet<string> = new Set(["send", "save_draft", "erase_draft", "give_up_unsent", "lock", "sign_out"]);
/** How long a new tab waits for another one to share its session. */
const ASK_OTHERS = 150;

const queue = new Queue();
const tabs = new BroadcastChannel(TABS);
const tab: Tab = {
  session: null,
  keep(session) {
    tab.session = session;
    say({ say: "session", session });
  },
};
let client: MailboxWorker | undefined;
let live: Live | undefined;
let keeping: ReturnType<typeof setTimeout> | undefined;

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.do) {
    case "begin":
      void queue.run(async () => begin(data.module, data.session ?? (await sessionOfAnotherTab()), data.handover));
      break;
    case "call":
      void queue.run(() => inTurn(CHANGE_UNSENT.has(data.call), () => answered(data.id, data.call, data.args)));
      break;
    case "keep":
      void queue.run(keep);
      break;
  }
};

tabs.addEventListener("message", ({ data }: MessageEvent<ToTabs>) => {
  if (data.tell === "whose_session" && tab.session !== null) tell({ tell: "session", session: tab.session });
});

function tell(message: ToTabs): void {
  tabs.postMessage(message);
}

function begin(module: WebAssembly.Module, session: string | null, handover: MessagePort | null): void {
  initSync({ module });
  if (session !== null) tab.keep(session);
  client = new MailboxWorker(new Outside(tab, (online) => live?.reached(online)));
  if (handover) {
    handover.onmessage = ({ data }: MessageEvent<Uint8Array>) => void queue.run(() => opened(data));
  }
}

/** A tab that was opened by a link knows no session: another tab of the same browser does. */
function sessionOfAnotherTab(): Promise<string | null> {
  return new Promise((resolve) => {
    const done = (session: string | null) => {
      tabs.removeEventListener("message", heard);
      resolve(session);
    };
    const heard = ({ data }: MessageEvent<ToTabs>) => data.tell === "session" && done(data.session);
    tabs.addEventListener("message", heard);
    setTimeout(() => done(null), ASK_OTHERS);
    tell({ tell: "whose_session" });
  });
}

async function opened(opening: Uint8Array): Promise<void> {
  if (!client) return;
  try {
    const me = JSON.parse(await client.begin(opening)) as Me;
    say({ say: "opened", me });
    follow();
  } catch (rejection) {
    say({ say: "not_opened", problem: problemOf(rejection) });
  }
}

async function answered(id: number, call: string, args: string): Promise<void> {
  if (!client) return;
  const problem = await answer(client, id, call, args);
  if (call === "reopen" && problem === null) follow();
  if (call === "lock" || call === "sign_out") live?.end();
  else keepSoon();
  endIfOver(problem);
}

async function inTurn(changesUnsent: boolean, work: () => Promise<void>): Promise<void> {
  await (changesUnsent ? navigator.locks.request(UNSENT, work) : work());
}

function endIfOver(problem: Problem | null): void {
  if (problem?.name !== "not-signed-in" || !live) return;
  live.end();
  live = undefined;
  say({ say: "event", event: { event: "ended" } });
}

/** Brings the mailbox up to date whenever the server, in this or another tab, says that something is new. */
function follow(): void {
  live ??= new Live(tabs, {
    pulse: () => void queue.run(() => inTurn(true, caughtUp)),
    connection: (online) => say({ say: "event", event: { event: "connection", online } }),
  });
}

async function caughtUp(): Promise<void> {
  if (!client || !live) return;
  try {
    const { letters } = JSON.parse(await client.answer("catch_up", "{}")) as WentOut;
    if (letters > 0) say({ say: "event", event: { event: "sent" } });
    const counts = JSON.parse(await client.answer("sync", "{}")) as Counts;
    say({ say: "event", event: { event: "changed", counts, arrived: counts.arrived } });
    keepSoon();
  } catch (rejection) {
    endIfOver(problemOf(rejection));
  }
}

function keepSoon(): void {
  clearTimeout(keeping);
  keeping = setTimeout(() => void queue.run(keep), KEEP_AFTER);
}

async function keep(): Promise<void> {
  clearTimeout(keeping);
  try {
    await client?.answer("keep", "{}");
  } catch {
    // The next one writes it down; until then it is in memory, and the server has every letter.
  }
}
