// How a file waits: for a person, for a network, for its turn.

import type { Problem } from "../types.ts";

/** A door that is open or shut; whoever comes to a shut one waits. */
export class Gate {
  #opened: Promise<void> = Promise.resolve();
  #open: (() => void) | undefined;

  get isShut(): boolean {
    return this.#open !== undefined;
  }

  shut(): void {
    if (this.#open) return;
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open?.();
    this.#open = undefined;
  }

  through(): Promise<void> {
    return this.#opened;
  }
}

/** At most so many at once. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(free: number) {
    this.#free = free;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

/** Waits until trying again may help: the browser says that there is a network again, or some seconds are over. */
export class Again {
  static readonly #first = 1_000;
  static readonly #longest = 20_000;
  #pause = Again.#first;

  /** It went well: the next pause is short again. */
  succeeded(): void {
    this.#pause = Again.#first;
  }

  async wait(seconds: number | null): Promise<void> {
    if (seconds === 0) return;
    const pause = seconds === null ? this.#pause : seconds * 1000;
    this.#pause = Math.min(this.#pause * 2, Again.#longest);
    await new Promise<void>((resolve) => {
      const over = () => {
        clearTimeout(timer);
        removeEventListener("online", over);
        resolve();
      };
      const timer = setTimeout(over, pause);
      addEventListener("online", over);
    });
  }
}

/** Whether nothing is wrong but the moment. */
export function passes(problem: Problem): boolean {
  return problem.class === "unavailable" || problem.retry_after !== null;
}
