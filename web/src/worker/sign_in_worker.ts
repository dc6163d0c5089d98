// The sign-in Worker: everything with a password or a recovery code. It ends with handing the mailbox over, and with it
// goes the memory that Argon2 needed (WebAssembly's never shrinks).

import { answer, Queue, say } from "./entry.ts";
import { Outside } from "./outside.ts";
import type { ToWorker } from "./port.ts";
import { initSync, SignInWorker } from "./vault/vault.js";

const queue = new Queue();
let client: SignInWorker | undefined;
let handover: MessagePort | null = null;

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.do) {
    case "begin":
      initSync({ module: data.module });
      handover = data.handover;
      client = new SignInWorker(
        new Outside({ session: data.session, keep: (session) => say({ say: "session", session }) }, () => undefined),
      );
      break;
    case "call":
      void queue.run(() => answerAndHandOver(data.id, data.call, data.args));
      break;
    case "keep":
      break;
  }
};

async function answerAndHandOver(id: number, call: string, args: string): Promise<void> {
  if (!client) return;
  await answer(client, id, call, args);
  const opening = client.takeOpening();
  if (!opening) return;
  handover?.postMessage(opening, [opening.buffer]);
  close();
}
