// The page's way to the files Worker: what is sent and got, as it is told a person.

import { type Downloads, NotTheFile, type Receiving, type Sending, type Uploads } from "../attachments/engine.ts";
import filesUrl from "./files_worker.ts?worker&url";
import type { FromFiles, ToFiles } from "./files_port.ts";
import { CallFailed, compiledModule, scriptUrl } from "./worker_calls.ts";
import { BROKEN } from "./port.ts";

type Told<State> = (id: string, state: State) => void;
type Whole = { resolve: (bytes: Uint8Array<ArrayBuffer>) => void; reject: (error: Error) => void };

/** Brings one end of a channel to the Worker that holds the keys. */
type Connect = (keeper: MessagePort) => void;

export class Files {
  readonly #connect: Connect;
  readonly #allSaved: (letter: string) => Promise<unknown>;
  #worker: Worker | undefined;
  #next = 0;
  /** Those that no saved draft can open yet: what a lock interrupts begins anew when the mailbox is open again. */
  readonly #files = new Map<string, File>();
  /** Those that this Worker was given. */
  readonly #known = new Set<string>();
  readonly #sending = new Map<string, Sending>();
  readonly #receiving = new Map<string, Receiving>();
  readonly #whole = new Map<string, Whole>();
  readonly #toldSending = new Set<Told<Sending>>();
  readonly #toldReceiving = new Set<Told<Receiving>>();

  /** `allSaved`: tells whoever wrote a letter. */
  constructor(connect: Connect, allSaved: (letter: string) => Promise<unknown>) {
    this.#connect = connect;
    this.#allSaved = allSaved;
  }

  readonly uploads: Uploads = {
    add: (id, file) => {
      this.#files.set(id, file);
      this.#known.add(id);
      this.#heardSending(id, { is: "waiting" });
      this.#tell({ do: "send", id, file });
    },
    pause: (id) => this.#tell({ do: "pause", id }),
    resume: (id) => {
      // One that was paused when the mailbox was locked has no Worker that knows it.
      const file = this.#files.get(id);
      if (file && !this.#known.has(id)) this.uploads.add(id, file);
      else this.#tell({ do: "resume", id });
    },
    drop: (id) => {
      this.#files.delete(id);
      this.#sending.delete(id);
      this.#tell({ do: "drop", id });
    },
    kept: (id) => this.#files.delete(id),
    subscribe: (told) => {
      for (const [id, state] of this.#sending) told(id, state);
      this.#toldSending.add(told);
      return () => this.#toldSending.delete(told);
    },
  };

  readonly downloads: Downloads = {
    save: (letter, index, sink) => {
      const id = this.#id();
      this.#tell({ do: "get", id, letter, index, sink }, [sink]);
      return id;
    },
    bytes: (letter, index) => {
      const id = this.#id();
      return new Promise((resolve, reject) => {
        this.#whole.set(id, { resolve, reject });
        this.#tell({ do: "get", id, letter, index, sink: null });
      });
    },
    // Whoever wrote may learn it another time.
    allSaved: (letter) => void this.#allSaved(letter).catch(() => undefined),
    cancel: (id) => this.#tell({ do: "cancel", id }),
    pause: (id) => this.#tell({ do: "pause_getting", id }),
    resume: (id) => this.#tell({ do: "resume_getting", id }),
    subscribe: (told) => {
      for (const [id, state] of this.#receiving) told(id, state);
      this.#toldReceiving.add(told);
      return () => this.#toldReceiving.delete(told);
    },
  };

  /** The keys go, with what is on its way. What was chosen stays chosen. */
  end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#known.clear();
    for (const { reject } of this.#whole.values()) reject(new CallFailed(BROKEN));
    this.#whole.clear();
    for (const [id, { is }] of this.#receiving) {
      if (is === "receiving" || is === "paused" || is === "offline") this.#heardReceiving(id, { is: "failed", problem: BROKEN });
    }
  }

  /** The mailbox is open again: what was on its way up begins anew. */
  beginAgain(): void {
    for (const [id, file] of this.#files) if (this.#sending.get(id)?.is !== "paused") this.uploads.add(id, file);
  }

  /** Nobody's any more. */
  forget(): void {
    this.end();
    this.#files.clear();
    this.#sending.clear();
    this.#receiving.clear();
  }

  #id(): string {
    return `f${String(this.#next++)}`;
  }

  #tell(message: ToFiles, transfer: Transferable[] = []): void {
    if (!this.#worker && !["send", "get"].includes(message.do)) return;
    this.#worker ??= this.#begun();
    this.#worker.postMessage(message, transfer);
  }

  #begun(): Worker {
    const worker = new Worker(scriptUrl(filesUrl), { type: "module" });
    const { port1, port2 } = new MessageChannel();
    worker.onmessage = ({ data }: MessageEvent<FromFiles>) => this.#heard(data);
    worker.onerror = () => this.#broke();
    this.#connect(port1);
    void compiledModule().then(
      (module) => worker.postMessage({ do: "begin", module, keeper: port2 } satisfies ToFiles, [port2]),
      () => this.#broke(),
    );
    return worker;
  }

  #broke(): void {
    this.end();
    for (const id of this.#files.keys()) if (this.#sending.get(id)?.is !== "up") this.#heardSending(id, { is: "failed", problem: BROKEN });
  }

  #heard(message: FromFiles): void {
    switch (message.say) {
      case "sending":
        if (message.state.is === "changed") this.#files.delete(message.id);
        this.#heardSending(message.id, message.state);
        break;
      case "receiving":
        this.#heardReceiving(message.id, message.state);
        break;
      case "bytes":
        this.#whole.get(message.id)?.resolve(message.bytes);
        this.#whole.delete(message.id);
        break;
      case "no_bytes": {
        const { problem } = message;
        this.#whole.get(message.id)?.reject(problem.name === "not-the-file" ? new NotTheFile(problem.name) : new CallFailed(problem));
        this.#whole.delete(message.id);
        break;
      }
    }
  }

  #heardReceiving(id: string, state: Receiving): void {
    this.#receiving.set(id, state);
    for (const told of this.#toldReceiving) told(id, state);
  }

  #heardSending(id: string, state: Sending): void {
    this.#sending.set(id, state);
    for (const told of this.#toldSending) told(id, state);
  }
}
