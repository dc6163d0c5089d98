// What a person is told without having asked: that letters came, that the network went and came back.
import { m } from "../paraglide/messages.js";
import type { mailbox } from "../worker/index.ts";
import type { Announcer } from "./announcer.svelte.ts";

/** At most one announcement in this time, so that a busy mailbox does not talk without end. */
const BATCH = 30_000;

export class News {
  #announcer: Announcer;
  #untold = 0;
  #quiet = false;
  #online = true;

  constructor(vault: Pick<typeof mailbox, "on">, announcer: Announcer) {
    this.#announcer = announcer;
    vault.on((event) => {
      if (event.event === "changed") this.#came(event.arrived);
      else if (event.event === "connection") this.#connected(event.online);
    });
  }

  #came(letters: number): void {
    this.#untold += letters;
    if (this.#quiet || this.#untold === 0) return;
    this.#announcer.say(m["live.new_letters"]({ count: this.#untold }));
    this.#untold = 0;
    this.#quiet = true;
    setTimeout(() => {
      this.#quiet = false;
      this.#came(0);
    }, BATCH);
  }

  #connected(online: boolean): void {
    if (online === this.#online) return;
    this.#online = online;
    this.#announcer.say(online ? m["live.online"]() : m["banner.offline"]());
  }
}
