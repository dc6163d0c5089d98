// The page's way to the guest Worker, which lives as long as the page of a link.

import guestUrl from "./guest_worker.ts?worker&url";
import type { GuestCalls } from "./types.ts";
import { compiledModule, WorkerCalls } from "./worker_calls.ts";

export class GuestDesk {
  #worker: Promise<WorkerCalls> | undefined;

  async call<C extends keyof GuestCalls>(call: C, args: GuestCalls[C][0]): Promise<GuestCalls[C][1]> {
    this.#worker ??= this.#begun();
    return (await (await this.#worker).call(call, args)) as GuestCalls[C][1];
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
    const forget = () => (this.#worker = undefined);
    const worker = new WorkerCalls(guestUrl, () => undefined, forget);
    try {
      await worker.begin(null, null);
    } catch (failed) {
      forget();
      worker.end();
      throw failed;
    }
    return worker;
  }
}
