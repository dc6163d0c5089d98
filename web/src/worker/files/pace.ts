// How fast a file goes, and how long it takes until it is over.

/** What is looked at: a network changes, and a person wants to know how it is now. */
const WINDOW = 15_000;
/** Before that nobody can say. */
const ENOUGH = 2_000;

export class Pace {
  readonly #of: number;
  #seen: { at: number; done: number }[] = [];

  constructor(of: number) {
    this.#of = of;
  }

  /** After a stop: what was before says nothing of what comes. */
  begin(): void {
    this.#seen = [];
  }

  /** Seconds that are left; undefined while nobody can say. */
  left(done: number, now: number): number | undefined {
    this.#seen.push({ at: now, done });
    while (this.#seen.length > 2 && now - (this.#seen[0]?.at ?? now) > WINDOW) this.#seen.shift();
    const first = this.#seen[0];
    if (!first || now - first.at < ENOUGH || done <= first.done) return undefined;
    return Math.ceil(((this.#of - done) * (now - first.at)) / (done - first.done) / 1000);
  }
}

/** Tells at most so often, and always the last word. */
export class Seldom {
  #last = 0;

  may(now: number): boolean {
    if (now - this.#last < 200) return false;
    this.#last = now;
    return true;
  }
}
