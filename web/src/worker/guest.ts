// The page's way to the guest Worker, which lives as long as the page of a link.

import guestUrl from "./guest_worker.ts?worker&url";
import { mailbox, takeOver } from "./index.ts";
import type { GuestCalls, Me, Sheet } from "./types.ts";
import { compiledModule, WorkerCalls } from "./worker_calls.ts";

type Making = "make_mailbox" | "make_mailbox_by_passkey";

export class GuestDesk {
  #worker: Promise<WorkerCalls> | undefined;
  /** Where a mailbox comes out that is made of the conversation. */
  #handover: MessagePort | undefined;

  async call<C extends keyof GuestCalls>(call: C, args: GuestCalls[C][0], output: ArrayBuffer | null = null): Promise<GuestCalls[C][1]> {
    this.#worker ??= this.#begun();
    return (await (await this.#worker).call(call, args, output)) as GuestCalls[C][1];
  }

  /** Makes a mailbox of the conversation: resolves when it is open, to whose it is and its sheet. The Worker has ended itself then. */
  async makeMailbox<C extends Making>(call: C, args: GuestCalls[C][0], output: ArrayBuffer | null = null): Promise<{ me: Me; said: Sheet }> {
    const port = this.#handover;
    if (!port) throw new Error("nothing was opened");
    return takeOver(port, async () => {
      const sheet = await this.call(call, args, output);
      this.#worker = undefined; // it has handed over, whatever becomes of that
      return sheet;
    });
  }

  /** Leaves the keys of the conversation to the mailbox that is open in this tab, which takes it in by `claim`. */
  async leaveKeys(): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const there = mailbox.takeIn(port2);
    (await this.#worker)?.tell({ do: "leave_to", to: port1 }, [port1]);
    await this.call("leave_keys", {});
    await there;
  }

  /** The files Worker asks it for what it needs. */
  async keepFor(files: MessagePort): Promise<void> {
    (await this.#worker)?.tell({ do: "keep_for", files }, [files]);
  }

  /** Fetches the WebAssembly ahead, while a person reads who wrote. */
  prepare(): void {
    void compiledModule().catch(() => undefined);
  }

  /** The keys go, and the session ends, as far as the page lives long enough to say so. */
  end(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.then(async (calls) => {
      await calls.call("leave", {}).catch(() => undefined);
      calls.end();
    });
  }

  async #begun(): Promise<WorkerCalls> {
    const { port1, port2 } = new MessageChannel();
    this.#handover = port2;
    const forget = () => (this.#worker = undefined);
    const worker = new WorkerCalls(guestUrl, () => undefined, forget);
    try {
      await worker.begin(null, port1);
    } catch (failed) {
      forget();
      worker.end();
      throw failed;
    }
    return worker;
  }
}
