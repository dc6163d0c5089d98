// A Worker and the calls to it: each is answered, or refused with the reason, once.

import { BROKEN, type ToPage, type ToWorker } from "./port.ts";
import type { Problem } from "./types.ts";
import moduleUrl from "./vault/vault_bg.wasm?url";

/** A call was not done. */
export class CallFailed extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.name);
    this.problem = problem;
  }
}

/** Why a call was not done; throws on whatever else went wrong. */
export function problemIn(error: unknown): Problem {
  if (error instanceof CallFailed) return error.problem;
  throw error;
}

const workerPolicy = globalThis.trustedTypes?.createPolicy("securemailbox-worker", {
  createScriptURL(url) {
    if (new URL(url, location.href).origin !== location.origin) throw new TypeError("a Worker of another origin");
    return url;
  },
});

/** A script of our own, as the content security policy wants it. */
export function scriptUrl(url: string): string | URL {
  return workerPolicy?.createScriptURL(url) ?? url;
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** The vault, fetched once for both Workers. */
export function compiledModule(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compileStreaming(fetch(moduleUrl)).catch((error: unknown) => {
    compiled = undefined; // a lost network must not last
    throw error;
  });
  return compiled;
}

type Waiting = { resolve: (answer: unknown) => void; reject: (failed: CallFailed) => void };

/** One Worker, and the calls that it has not answered yet. */
export class WorkerCalls {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #ended = false;

  /** `broke` is called if the Worker stops by itself: out of memory, or of a build that is gone. */
  constructor(url: string, heard: (message: ToPage) => void, broke: () => void) {
    this.#worker = new Worker(scriptUrl(url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<ToPage>) => {
      if (data.say === "answer") this.#settle(data.id)?.resolve(JSON.parse(data.answer));
      else if (data.say === "refusal") this.#settle(data.id)?.reject(new CallFailed(data.problem));
      else heard(data);
    };
    this.#worker.onerror = () => {
      if (this.#ended) return;
      this.end();
      broke();
    };
  }

  /** `session` opens the mailbox, where there is one; `handover` is the Worker's end of the channel to the other one. */
  async begin(session: string | null, handover: MessagePort | null): Promise<void> {
    let module: WebAssembly.Module;
    try {
      module = await compiledModule();
    } catch {
      throw new CallFailed({ name: "unreachable", class: "unavailable", address: null, level: null, retry_after: null, offers: [], request: null });
    }
    this.tell({ do: "begin", module, session, handover }, handover ? [handover] : []);
  }

  call(call: string, args: unknown, output: ArrayBuffer | null = null): Promise<unknown> {
    if (this.#ended) return Promise.reject(new CallFailed(BROKEN));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.tell({ do: "call", id, call, args: JSON.stringify(args), output }, output ? [output] : []);
    });
  }

  tell(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** Ends the Worker, and with it every key in its memory. */
  end(): void {
    this.#ended = true;
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
