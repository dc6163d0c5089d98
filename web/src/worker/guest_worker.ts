// The guest Worker: a letter to somebody who has no mailbox. Nothing of it lies in the browser, and all of it goes with the Worker.
// Whoever makes a mailbox of it has it handed to the mailbox Worker.

import { answerAndHandOver, type Call, Queue } from "./entry.ts";
import { keepFor } from "./keeper.ts";
import { Outside } from "./outside.ts";
import type { ToWorker } from "./port.ts";
import { GuestWorker, initSync } from "./vault/vault.js";

const queue = new Queue();
let client: GuestWorker | undefined;
let handover: MessagePort | null = null;
/** The open mailbox that takes the conversation in. */
let heir: MessagePort | undefined;

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.do === "begin") {
    initSync({ module: data.module });
    handover = data.handover;
    client = new GuestWorker(new Outside({ session: null, keep: () => undefined }, () => undefined));
  } else if (data.do === "leave_to") {
    heir = data.to;
  } else if (data.do === "keep_for") {
    keepFor(data.files, () => client, { inTurn: (answer) => queue.run(answer) });
  } else if (data.do === "call") {
    const call = data;
    void queue.run(() => answered(call));
  }
};

/** What is left to a mailbox that is open goes there; to one that was made goes everything, and this ends. */
async function answered(call: Call): Promise<void> {
  await answerAndHandOver(client, call, handover);
  const left = client?.takeLeft();
  if (left) heir?.postMessage(left, [left.buffer]);
}
