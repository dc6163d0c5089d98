// The mailbox Worker: holds the keys from sign-in to lock, follows the server, and shows the page what was verified.

import { answer, type Call, problemOf, Queue, say } from "./entry.ts";
import { keepFor } from "./keeper.ts";
import { Live } from "./live.ts";
import { sessionOfAnotherTab } from "./other_tabs.ts";
import { Outside, type Tab } from "./outside.ts";
import { BROKEN, type MailboxEvent, TABS, type ToTabs, type ToWorker } from "./port.ts";
import type { Counts, DraftNews, Me, Problem, Pulse, WentOut } from "./types.ts";
import { initSync, MailboxWorker } from "./vault/vault.js";

/** How long what was seen may wait before it is written down. */
const KEEP_AFTER = 1_000;
/** How long after it was saved on the device a draft goes to the server: more may be typed. */
const HAND_IN_AFTER = 2_000;
/** After how long what could not go out is tried again. */
const AGAIN_AFTER = 60_000;

/** What changes the device, in turn; and what changes the server or follows it, in turn. Neither waits for the other. */
const lanes = { device: new Queue(), server: new Queue() };
const tabs = new BroadcastChannel(TABS);
const tab: Tab = {
  session: null,
  keep(session) {
    tab.session = session;
    say({ say: "session", session });
  },
};
let client: MailboxWorker | undefined;
let beginning: Promise<void> | undefined;
let live: Live | undefined;
let keeping: ReturnType<typeof setTimeout> | undefined;
let again: ReturnType<typeof setTimeout> | undefined;
let handingIn: ReturnType<typeof setTimeout> | undefined;

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.do) {
    case "begin":
      beginning = begin(data.module, data.session, data.handover);
      break;
    case "call":
      void beginning?.then(() => inItsLane(data.call, () => answered(data)));
      break;
    case "keep":
      void lanes.server.run(keep);
      break;
    case "keep_for":
      keepFor(data.files, () => client, { hearRefusal: endIfOver });
      break;
    case "take_in":
      data.from.onmessage = (left: MessageEvent<Uint8Array>) => takenIn(left.data);
      break;
    case "hand_in":
      handInAfter(0);
      break;
  }
};

tabs.addEventListener("message", ({ data }: MessageEvent<ToTabs>) => {
  if (data.tell === "whose_session" && tab.session !== null) {
    tabs.postMessage({ tell: "session", session: tab.session } satisfies ToTabs);
  }
});

async function begin(module: WebAssembly.Module, own: string | null, handover: MessagePort | null): Promise<void> {
  const session = own ?? (await sessionOfAnotherTab(tabs));
  initSync({ module });
  if (session !== null) tab.keep(session);
  client = new MailboxWorker(new Outside(tab, (online) => live?.reached(online)));
  if (handover) {
    handover.onmessage = ({ data }: MessageEvent<Uint8Array>) => void lanes.server.run(() => opened(data));
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

/** A call takes it from here. */
function takenIn(left: Uint8Array): void {
  client?.takeLeft(left);
  left.fill(0);
  say({ say: "taken_in" });
}

/** Runs a call as the client says: at once, or in turn with those that change the same. */
function inItsLane(call: string, work: () => Promise<void>): Promise<void> {
  const lane = MailboxWorker.lane(call);
  return lane === "device" || lane === "server" ? lanes[lane].run(work) : work();
}

async function answered(asked: Call): Promise<void> {
  const { id, call } = asked;
  if (!client) return say({ say: "refusal", id, problem: BROKEN });
  const problem = await answer(client, asked);
  if (call === "reopen" && problem === null) follow();
  if (call === "save_draft" && problem === null) handInAfter(HAND_IN_AFTER);
  if (problem === null && (call === "lock" || call === "sign_out")) stopFollowing();
  else keepSoon();
  if (problem?.name === "waiting") catchUpLater();
  endIfOver(problem);
}

function endIfOver(problem: Problem | null): void {
  if (!live) return;
  if (problem?.name === "not-signed-in") end({ event: "ended" });
  // Another tab locked it, and this one did not hear of that.
  if (problem?.name === "session-locked") end({ event: "locked", why: "asked" });
  // Its locks were changed beside it: what it holds opens nothing any more.
  if (problem?.name === "stale-keyring") end({ event: "locked", why: "asked" });
}

function end(event: MailboxEvent): void {
  stopFollowing();
  say({ say: "event", event });
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
  catchUp(null);
}

function catchUp(heard: Pulse | null): void {
  void lanes.server.run(() => caughtUp(heard));
}

function catchUpLater(): void {
  clearTimeout(again);
  again = setTimeout(() => catchUp(null), AGAIN_AFTER);
}

async function caughtUp(heard: Pulse | null): Promise<void> {
  if (!client || !live) return;
  try {
    const { waiting, given_back, drafts } = JSON.parse(await client.answer("catch_up", "{}")) as WentOut;
    for (const back of given_back) say({ say: "event", event: { event: "given_back", ...back } });
    for (const draft of drafts) say({ say: "event", event: { event: "draft", ...draft } });
    if (waiting > 0) catchUpLater();
    await synced(heard);
  } catch (rejection) {
    endIfOver(problemOf(rejection));
  }
}

/** A new device follows thousands of letters, and shows them as they come. */
async function synced(heard: Pulse | null): Promise<void> {
  for (let more = true; more && client && live; ) {
    const counts = JSON.parse(await client.answer("sync", JSON.stringify({ pulse: heard }))) as Counts;
    if (counts.changed) say({ say: "event", event: { event: "changed", counts, arrived: counts.arrived } });
    if (counts.changed || counts.more) keepSoon();
    more = counts.more;
  }
}

function handInAfter(millis: number): void {
  clearTimeout(handingIn);
  handingIn = setTimeout(() => void lanes.server.run(handIn), millis);
}

/** What was saved on this device goes to the server, as soon as that answers; a later try is `catch_up`'s. */
async function handIn(): Promise<void> {
  if (!client || !live) return;
  try {
    const drafts = JSON.parse(await client.answer("hand_in", "{}")) as DraftNews[];
    for (const draft of drafts) say({ say: "event", event: { event: "draft", ...draft } });
  } catch (rejection) {
    endIfOver(problemOf(rejection));
  }
}

function keepSoon(): void {
  clearTimeout(keeping);
  keeping = setTimeout(() => void lanes.server.run(keep), KEEP_AFTER);
}

async function keep(): Promise<void> {
  clearTimeout(keeping);
  try {
    await client?.answer("keep", "{}");
  } catch {
    // The next one writes it down; until then it is in memory, and the server has every letter.
  }
}
