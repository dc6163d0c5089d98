// One file on its way down: to where a person saves it, or whole into memory to be shown. Called saved only when it is whole.

import { problemOf } from "../entry.ts";
import type { FromFiles, ToFiles } from "../files_port.ts";
import { BROKEN } from "../port.ts";
import type { Problem } from "../types.ts";
import type { FilesWorker } from "../vault/vault.js";
import type { aes } from "./aes.ts";
import type { AskKeeper } from "./ask_keeper.ts";
import { Pace, Seldom } from "./pace.ts";
import { Again, Gate, passes } from "./patience.ts";

interface Tools {
  client: FilesWorker;
  keeper: AskKeeper;
  aes: typeof aes;
  say: (message: FromFiles) => void;
}

export class Getting {
  readonly #asked: Extract<ToFiles, { do: "get" }>;
  readonly #tools: Tools;
  readonly #gate = new Gate();
  readonly #again = new Again();
  readonly #seldom = new Seldom();
  readonly #chunks: Uint8Array[] = [];
  readonly #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #pace = new Pace(0);
  #received = 0;
  #cancelled = false;

  constructor(asked: Extract<ToFiles, { do: "get" }>, tools: Tools) {
    this.#asked = asked;
    this.#tools = tools;
    this.#writer = asked.sink?.getWriter();
  }

  pause(): void {
    this.#gate.shut();
    this.#say({ is: "paused", received: this.#received });
  }

  resume(): void {
    this.#gate.open();
    this.#pace.begin();
    this.#say({ is: "receiving", received: this.#received, secondsLeft: undefined });
  }

  cancel(): void {
    this.#cancelled = true;
    this.#gate.open();
  }

  async run(): Promise<void> {
    const { id, letter, index } = this.#asked;
    this.#say({ is: "receiving", received: 0, secondsLeft: undefined });
    try {
      const row = await this.#tools.keeper.row(letter, index);
      this.#pace = new Pace(sizeIn(row));
      while (!(await this.#isOver(row))) this.#pace.begin();
      await this.#whole();
    } catch (rejection) {
      await this.#writer?.abort().catch(() => undefined);
      const problem = typeof rejection === "string" ? problemOf(rejection) : BROKEN;
      if (!this.#cancelled) this.#fail(problem);
    } finally {
      this.#tools.client.drop_download(id);
    }
  }

  async #whole(): Promise<void> {
    if (this.#writer) {
      await this.#writer.close();
      this.#say({ is: "saved" });
      return;
    }
    const bytes = new Uint8Array(this.#received);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    this.#tools.say({ say: "bytes", id: this.#asked.id, bytes });
  }

  #fail(problem: Problem): void {
    this.#tools.keeper.hearRefusal(problem);
    if (!this.#writer) this.#tools.say({ say: "no_bytes", id: this.#asked.id, problem });
    else if (problem.name === "not-the-file") this.#say({ is: "not-the-file" });
    else this.#say({ is: "failed", problem });
  }

  /** Goes on until a network is lost, which it waits for, or all is there. */
  async #isOver(row: Uint8Array): Promise<boolean> {
    const { client, aes } = this.#tools;
    try {
      await client.download(this.#asked.id, row.slice(), { write: (bytes: Uint8Array) => this.#write(bytes) }, aes, (done: number) => this.#tell(done));
      return true;
    } catch (rejection) {
      const problem = problemOf(rejection);
      if (this.#cancelled || problem.name === "file-not-written" || !passes(problem)) throw rejection;
      this.#say({ is: "offline", received: this.#received });
      await this.#again.wait(problem.retry_after);
      return false;
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#gate.through();
    if (this.#cancelled) throw new Error("cancelled");
    if (!this.#writer) {
      this.#chunks.push(bytes);
      return;
    }
    await this.#writer.ready;
    await this.#writer.write(bytes);
  }

  #tell(received: number): void {
    const now = Date.now();
    if (received > this.#received) this.#again.succeeded();
    this.#received = received;
    const secondsLeft = this.#pace.left(received, now);
    if (this.#seldom.may(now) && !this.#gate.isShut) this.#say({ is: "receiving", received, secondsLeft });
  }

  #say(state: Extract<FromFiles, { say: "receiving" }>["state"]): void {
    this.#tools.say({ say: "receiving", id: this.#asked.id, state });
  }
}

/** The only thing of the row that is looked at here. */
function sizeIn(row: Uint8Array): number {
  const parsed: unknown = JSON.parse(new TextDecoder().decode(row));
  return typeof parsed === "object" && parsed !== null && "size" in parsed && typeof parsed.size === "number" ? parsed.size : 0;
}
