// How long nobody has touched the page (PROTOCOL §9a: a mailbox locks by itself unless the person chose to stay signed in).

const LOCKS_AFTER = 15 * 60_000;
const LOOKS_EVERY = 15_000;

interface Watched {
  /** Nobody has touched the page for too long. Says whether that has a consequence: then the touch that found it counts for nothing. */
  overdue: () => boolean;
  /** Somebody is here. Not told of every key. */
  active: () => void;
}

export class Idle {
  readonly #watched: Watched;
  #touched = moment();

  constructor(watched: Watched) {
    this.#watched = watched;
    for (const input of ["pointerdown", "keydown", "wheel"]) {
      addEventListener(input, () => this.#active(), { passive: true, capture: true });
    }
    for (const back of ["pageshow", "focus"]) addEventListener(back, () => this.#look());
    for (const back of ["visibilitychange", "resume"]) document.addEventListener(back, () => this.#look());
    setInterval(() => this.#look(), LOOKS_EVERY);
  }

  /** Somebody is here, on this page or on another one of the same browser. */
  touched(): void {
    this.#touched = moment();
  }

  #since(): number {
    const now = moment();
    return Math.max(now.wall - this.#touched.wall, now.steady - this.#touched.steady);
  }

  #look(): boolean {
    return this.#since() >= LOCKS_AFTER && this.#watched.overdue();
  }

  #active(): void {
    if (this.#look() || this.#since() < LOOKS_EVERY) return;
    this.touched();
    this.#watched.active();
  }
}

/** By both clocks: one may be set back, the other stands still while a laptop sleeps. */
function moment(): { wall: number; steady: number } {
  return { wall: Date.now(), steady: performance.now() };
}
