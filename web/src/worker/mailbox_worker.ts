// The mailbox Worker: holds the keys from sign-in to lock, follows the server, and shows the page what was verified.

import { answer, problemOf, Queue, say } from "./entry.ts";
import { Live } from "./live.ts";
import { sessionOfAnotherTab } from "./other_tabs.ts";
import { Outside, type Tab } from "./outside.ts";
import { BROKEN, TABS, type ToTabs, type ToWorker } from "./port.ts";
import type { Counts, Me, Problem, WentOut } from "./types.ts";
import { initSync, MailboxWorker } from "./vault/vault.js";

/** How long what was seen may wait before it is written down. */
const KEEP_AFTER = 1_000;
/** Held by the calls that change what waits on this device, which belongs to all tabs. */
const UNSENT = "securemailbox-unsent";
const CHANGE_UNSENT: ReadonlySet<string> = new Set([
  "send", "hold", "take_back", "save_draft", "erase_draft", "give_up_unsent", "lock", "sign_out",
]);
/** After how long what could not go out is tried again. */
const AGAIN_AFTER = 60_000;

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
let again: ReturnType<typeof setTimeout> | undefined;

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.do) {
    case "begin":
      void queue.run(async () => begin(data.module, data.session ?? (await sessionOfAnotherTab(tabs)), data.handover));
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
  if (data.tell === "whose_session" && tab.session !== null) {
    tabs.postMessage({ tell: "session", session: tab.session } satisfies ToTabs);
  }
});

function begin(module: WebAssembly.Module, session: string | null, handover: MessagePort | null): void {
  initSync({ module });
  if (session !== null) tab.keep(session);
  client = new MailboxWorker(new Outside(tab, (online) => live?.reached(online)));
  if (handover) {
    handover.onmessage = ({ data }: MessageEvent<Uint8Array>) => void queue.run(() => opened(data));
  }
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
  if (!client) return say({ say: "refusal", id, problem: BROKEN });
  const problem = await answer(client, id, call, args);
  if (call === "reopen" && problem === null) follow();
  if (problem === null && (call === "lock" || call === "sign_out")) stopFollowing();
  else keepSoon();
  if (problem?.name === "waiting") catchUpLater();
  endIfOver(problem);
}

async function inTurn(changesUnsent: boolean, work: () => Promise<void>): Promise<void> {
  await (changesUnsent ? navigator.locks.request(UNSENT, work) : work());
}

function endIfOver(problem: Problem | null): void {
  if (problem?.name !== "not-signed-in" || !live) return;
  stopFollowing();
  say({ say: "event", event: { event: "ended" } });
}

function stopFollowing(): void {
  clearTimeout(again);
  live?.end();
  live = undefined;
}

/** Brings the mailbox up to date whenever the server, in this or another tab, says that something is new. */
function follow(): void {
  live ??= new Live(tabs, {
    pulse: catchUp,
    connection: (online) => say({ say: "event", event: { event: "connection", online } }),
  });
  catchUp();
}

function catchUp(): void {
  void queue.run(() => inTurn(true, caughtUp));
}

function catchUpLater(): void {
  clearTimeout(again);
  again = setTimeout(catchUp, AGAIN_AFTER);
}

async function caughtUp(): Promise<void> {
  if (!client || !live) return;
  try {
    const { waiting, given_back } = JSON.parse(await client.answer("catch_up", "{}")) as WentOut;
    for (const back of given_back) say({ say: "event", event: { event: "given_back", ...back } });
    if (waiting > 0) catchUpLater();
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
