// One file on its way up, through pauses and lost networks, until it is there or can't be.

import type { Sending as State } from "../../attachments/engine.ts";
import { problemOf } from "../entry.ts";
import type { FilesWorker } from "../vault/vault.js";
import type { aes } from "./aes.ts";
import type { AskKeeper } from "./ask_keeper.ts";
import { Pace, Seldom } from "./pace.ts";
import { Again, Gate, passes, Turns } from "./patience.ts";
import { thumbnailOf } from "./thumbnail.ts";

export interface Tools {
  client: FilesWorker;
  keeper: AskKeeper;
  aes: typeof aes;
  told: (state: State) => void;
}

/** More would only share the same line. */
const turns = new Turns(3);

/** Does it while no other tab does it with the same file. `first`: whether none does. */
async function alone(id: string, act: (first: boolean) => Promise<void>): Promise<void> {
  await navigator.locks.request(`securemailbox.file.${id}`, { ifAvailable: true }, (lock) => act(lock !== null));
}

export class Sending {
  readonly #id: string;
  readonly #file: File;
  readonly #tools: Tools;
  readonly #gate = new Gate();
  readonly #again = new Again();
  readonly #seldom = new Seldom();
  readonly #pace: Pace;
  #thumbnail: Promise<Uint8Array | undefined> | undefined;
  #sent = 0;
  #dropped = false;
  /** A person stopped it, and not the file or the network. */
  #stopped = false;
  /** For how many seconds it waits before it is tried again; null: as long as it chooses. */
  #pause: number | null = 0;
  /** It is this tab that remembers how far it is. */
  #keeps = false;

  constructor(id: string, file: File, tools: Tools) {
    this.#id = id;
    this.#file = file;
    this.#tools = tools;
    this.#pace = new Pace(file.size);
  }

  /** Its next read stops it; what is at the server stays there, and it goes on from there. */
  pause(): void {
    this.#gate.shut();
  }

  resume(): void {
    this.#gate.open();
  }

  /** Gives it up, at the server too. */
  drop(): void {
    this.#dropped = true;
    this.#gate.open();
  }

  async run(): Promise<void> {
    const { client, told } = this.#tools;
    told({ is: "waiting" });
    // Two tabs must not go on with one key: whoever is second begins anew.
    await alone(this.#id, async (first) => {
      this.#keeps = first;
      for (let over = false; !over && !this.#dropped; ) {
        await this.#gate.through();
        await turns.take();
        try {
          over = await this.#isOver();
        } finally {
          turns.give();
        }
        if (!over && !this.#gate.isShut) await this.#again.wait(this.#pause);
      }
    });
    if (!this.#dropped) return;
    await client.drop_upload(this.#id);
    if (this.#keeps) await this.#tools.keeper.keepState(this.#id, null);
  }

  /** Goes on until something stops it: whether that is the end. */
  async #isOver(): Promise<boolean> {
    const { client, keeper, aes, told } = this.#tools;
    this.#pace.begin();
    told({ is: "sending", sent: this.#sent, secondsLeft: undefined });
    try {
      const kept = this.#keeps ? ((await keeper.state(this.#id)) ?? undefined) : undefined;
      const keep = { keep: async (state: Uint8Array) => (this.#keeps ? keeper.keepState(this.#id, state) : undefined) };
      this.#stopped = false;
      this.#thumbnail ??= thumbnailOf(this.#file);
      const progress = (sent: number) => this.#tell(sent);
      const row = await client.upload(this.#id, this.#chosen(), aes, kept, keep, progress, await this.#thumbnail);
      await keeper.keep(this.#id, row);
      told({ is: "up" });
      return true;
    } catch (rejection) {
      const problem = problemOf(rejection);
      if (this.#dropped) return true;
      this.#pause = 0;
      if (this.#stopped) {
        told({ is: "paused", sent: this.#sent });
      } else if (problem.name === "file-changed") {
        told({ is: "changed" });
        this.#dropped = true;
        return true;
      } else if (passes(problem)) {
        told({ is: "offline", sent: this.#sent });
        this.#pause = problem.retry_after;
      } else {
        told({ is: "failed", problem });
        keeper.hearRefusal(problem);
        this.#gate.shut(); // until somebody tries again
      }
      return false;
    }
  }

  #tell(sent: number): void {
    const now = Date.now();
    if (sent > this.#sent) this.#again.succeeded();
    this.#sent = sent;
    const secondsLeft = this.#pace.left(sent, now);
    if (this.#seldom.may(now) && !this.#gate.isShut) this.#tools.told({ is: "sending", sent, secondsLeft });
  }

  #chosen(): { size: number; read(start: number, end: number): Promise<Uint8Array> } {
    return {
      size: this.#file.size,
      read: async (start, end) => {
        if (this.#dropped || this.#gate.isShut) {
          this.#stopped = true;
          throw new Error("stopped");
        }
        return new Uint8Array(await this.#file.slice(start, end).arrayBuffer());
      },
    };
  }
}
