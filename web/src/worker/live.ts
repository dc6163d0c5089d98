// The event stream: one for all tabs of a browser, since HTTP/1.1 gives a browser six connections to a server. The tab
// that holds the lock has it, and tells the others.

import { Listening } from "./listening.ts";
import type { ToTabs } from "./port.ts";
import type { Beat, Pulse } from "./types.ts";

const STREAM = "/api/v1/events";
const LOCK = "securemailbox-events";
/** After how long a stream that was refused is asked for again. */
const AGAIN_AFTER = 5_000;
/** How often is looked whether the stream is still heard. */
const LOOK_EVERY = 5_000;

interface Listener {
  /** Something may be new; `heard` says how far the server is, where it was the server that said so. */
  pulse(heard: Pulse | null): void;
  connection(online: boolean): void;
}

export class Live {
  readonly #tabs: BroadcastChannel;
  readonly #listener: Listener;
  readonly #ended = new AbortController();
  #stream: EventSource | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  #online = true;

  constructor(tabs: BroadcastChannel, listener: Listener) {
    this.#tabs = tabs;
    this.#listener = listener;
    tabs.addEventListener("message", ({ data }: MessageEvent<ToTabs>) => this.#heard(data), this.#ended);
    addEventListener("online", () => this.#listener.pulse(null), this.#ended);
    addEventListener("offline", () => this.reached(false), this.#ended);
    const held = new Promise<void>((resolve) => this.#ended.signal.addEventListener("abort", () => resolve()));
    void navigator.locks
      .request(LOCK, { signal: this.#ended.signal }, () => {
        this.#lead();
        return held;
      })
      .catch(() => undefined); // ended before it was this tab's turn
  }

  /** The server answered something, or did not. */
  reached(online: boolean): void {
    if (this.#ended.signal.aborted || online === this.#online) return;
    this.#online = online;
    this.#listener.connection(online);
    if (online) this.#listener.pulse(null);
  }

  end(): void {
    this.#ended.abort();
    clearInterval(this.#looking);
    this.#stream?.close();
  }

  #lead(): void {
    const listening = new Listening(Date.now());
    this.#connect(listening);
    this.#looking = setInterval(() => {
      const { anew, ask } = listening.due(Date.now());
      if (anew) this.#connect(listening);
      if (ask) this.#tell({ tell: "pulse", heard: null });
    }, LOOK_EVERY);
  }

  #connect(listening: Listening): void {
    this.#stream?.close();
    const stream = new EventSource(STREAM);
    this.#stream = stream;
    stream.onopen = () => this.#tell({ tell: "connection", online: true });
    stream.onmessage = ({ data }: MessageEvent<string>) => {
      listening.heard(Date.now());
      this.#tell({ tell: "pulse", heard: JSON.parse(data) as Pulse });
    };
    stream.addEventListener("beat", ({ data }: MessageEvent<string>) => {
      listening.heard(Date.now(), (JSON.parse(data) as Beat).seconds);
    });
    stream.onerror = () => {
      if (this.#ended.signal.aborted) return;
      listening.broke();
      const refused = stream.readyState === EventSource.CLOSED;
      // The network may be gone, or the session over: asking the server tells which, and only then is anybody told.
      if (refused || this.#online) this.#tell({ tell: "pulse", heard: null });
      if (!refused) return; // the browser tries again by itself
      setTimeout(() => this.#ended.signal.aborted || this.#stream !== stream || this.#connect(listening), AGAIN_AFTER);
    };
  }

  /** To the other tabs and to oneself. */
  #tell(message: ToTabs): void {
    this.#tabs.postMessage(message);
    this.#heard(message);
  }

  #heard(message: ToTabs): void {
    if (message.tell === "pulse") this.#listener.pulse(message.heard);
    if (message.tell === "connection") this.reached(message.online);
  }
}
