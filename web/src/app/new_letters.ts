import { m } from "../paraglide/messages.js";
import type { mailbox } from "../worker/index.ts";
import type { Announcer } from "./announcer.svelte.ts";

/** At most one announcement in so long a time: a busy mailbox must not talk without end. */
const BATCH = 30_000;

/** Tells, without being asked, that letters came. */
export class NewLetters {
  #announcer: Announcer;
  #untold = 0;
  #quiet = false;

  constructor(vault: typeof mailbox, announcer: Announcer) {
    this.#announcer = announcer;
    vault.on((event) => {
      if (event.event !== "changed" || event.arrived === 0) return;
      this.#untold += event.arrived;
      this.#tell();
    });
  }

  #tell(): void {
    if (this.#quiet || this.#untold === 0) return;
    this.#announcer.say(m["live.new_letters"]({ count: this.#untold }));
    this.#untold = 0;
    this.#quiet = true;
    setTimeout(() => {
      this.#quiet = false;
      this.#tell();
    }, BATCH);
  }
}
