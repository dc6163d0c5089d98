// The guest Worker: a letter to somebody who has no mailbox. Nothing of it lies in the browser, and all of it goes with the Worker.

import { answer, Queue, say } from "./entry.ts";
import { Outside } from "./outside.ts";
import { BROKEN, type ToWorker } from "./port.ts";
import { GuestWorker, initSync } from "./vault/vault.js";

const queue = new Queue();
let client: GuestWorker | undefined;

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.do === "begin") {
    initSync({ module: data.module });
    client = new GuestWorker(new Outside({ session: null, keep: () => undefined }, () => undefined));
  } else if (data.do === "call") {
    const call = data;
    void queue.run(async () => (client ? await answer(client, call) : say({ say: "refusal", id: call.id, problem: BROKEN })));
  }
};
