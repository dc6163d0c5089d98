// The sign-in Worker: everything with a password or a recovery code. It ends with handing the mailbox over, and with it
// goes the memory that Argon2 needed (WebAssembly's never shrinks).

import { answerAndHandOver, Queue, say } from "./entry.ts";
import { sessionOfAnotherTab } from "./other_tabs.ts";
import { Outside } from "./outside.ts";
import { TABS, type ToWorker } from "./port.ts";
import { initSync, SignInWorker } from "./vault/vault.js";

const queue = new Queue();
let client: SignInWorker | undefined;
let handover: MessagePort | null = null;

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.do) {
    case "begin":
      void queue.run(() => begin(data.module, data.session, data.handover));
      break;
    case "call":
      void queue.run(() => answerAndHandOver(client, data, handover));
      break;
    case "take_in":
    case "leave_to":
    case "keep":
      break;
  }
};

/** Knows of a session in another tab too: nobody signs in beside somebody else. */
async function begin(module: WebAssembly.Module, own: string | null, port: MessagePort | null): Promise<void> {
  const session = own ?? (await sessionOfAnotherTab(new BroadcastChannel(TABS)));
  initSync({ module });
  handover = port;
  client = new SignInWorker(new Outside({ session, keep: (kept) => say({ say: "session", session: kept }) }, () => undefined));
}
