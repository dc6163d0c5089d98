// Asks the Worker that holds the keys of letters, on the port between the two.

import type { FromKeeper, ToKeeper } from "../files_port.ts";
import type { Problem } from "../types.ts";

type Waiting = { resolve: (answer: Uint8Array | string | null) => void; reject: (rejection: string) => void };

export class AskKeeper {
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<FromKeeper>) => {
      const waiting = this.#waiting.get(data.number);
      this.#waiting.delete(data.number);
      if ("refusal" in data) waiting?.reject(JSON.stringify(data.refusal));
      else waiting?.resolve(data.answer);
    };
  }

  async bearer(): Promise<string | null> {
    return (await this.#ask((number) => ({ ask: "bearer", number }))) as string | null;
  }

  async row(letter: string, index: number): Promise<Uint8Array> {
    return (await this.#ask((number) => ({ ask: "row", number, letter, index }))) as Uint8Array;
  }

  async state(id: string): Promise<Uint8Array | null> {
    return (await this.#ask((number) => ({ ask: "state", number, id }))) as Uint8Array | null;
  }

  async keepState(id: string, state: Uint8Array | null): Promise<void> {
    await this.#ask((number) => ({ ask: "keep_state", number, id, state }));
  }

  /** Resolves when a draft can name the file. */
  async keep(id: string, row: Uint8Array): Promise<void> {
    await this.#ask((number) => ({ ask: "keep", number, id, row }));
  }

  hearRefusal(problem: Problem): void {
    this.#port.postMessage({ ask: "hear_refusal", problem } satisfies ToKeeper);
  }

  #ask(asked: (number: number) => ToKeeper): Promise<Uint8Array | string | null> {
    const number = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#port.postMessage(asked(number));
    });
  }
}
