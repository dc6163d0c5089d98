// Whether the event stream is heard, and what to do while it is not (PROTOCOL §9a, Sync): something in between may keep
// events back, and letters come all the same, a little later. Reads no clock; times are milliseconds.

/** How often a stream is taken to beat until it has said so. */
const UNTOLD = 15;
/** What a stream may say, in seconds. */
const [LEAST, MOST] = [5, 60];
/** After so many beats of silence a stream is no longer heard. */
const BEATS = 2.5;
/** How often the server is asked while no stream is heard. */
const ASK_EVERY = 60_000;
/** A stream that stays silent is begun anew less and less often, and at least this often. */
const LONGEST = 10 * 60_000;

export class Listening {
  #beat = UNTOLD;
  #patience = UNTOLD * BEATS * 1_000;
  #since: number;
  #asked: number;
  #isHeard = false;

  /** A stream begins at `now`, and the server was asked just before. */
  constructor(now: number) {
    this.#since = this.#asked = now;
  }

  /** Something came; `beat` is how often something will, in seconds, where the stream says so. */
  heard(now: number, beat = this.#beat): void {
    this.#beat = Math.min(Math.max(beat, LEAST), MOST);
    this.#patience = this.#beat * BEATS * 1_000;
    this.#since = now;
    this.#isHeard = true;
  }

  /** The stream ended or could not be had. Whoever holds it tries again by itself. */
  broke(): void {
    this.#isHeard = false;
  }

  /** What is due at `now`: to begin the stream anew, to ask the server. */
  due(now: number): { anew: boolean; ask: boolean } {
    const anew = now - this.#since >= this.#patience;
    const wasHeard = this.#isHeard;
    if (anew) {
      this.#isHeard = false;
      this.#since = now;
      this.#patience = Math.min(this.#patience * 2, LONGEST);
    }
    // What fell silent may have missed something.
    const ask = !this.#isHeard && (wasHeard || now - this.#asked >= ASK_EVERY);
    if (ask) this.#asked = now;
    return { anew, ask };
  }
}
