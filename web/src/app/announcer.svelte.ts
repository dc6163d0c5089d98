// What a screen reader is told without being asked. One polite region and one that interrupts, both always in the page.
import { createContext } from "svelte";

interface Said {
  id: number;
  text: string;
  at: number;
}

/** What is said twice within this time is one thing that happened, heard of in two ways. */
const AT_ONCE = 1_000;

/** Long enough to be read out; then the region is emptied, so that nobody meets old news when walking the page. */
const HEARD_AFTER = 10_000;

export class Announcer {
  #next = 0;
  polite = $state.raw<readonly Said[]>([]);
  urgent = $state.raw<readonly Said[]>([]);

  /** At the next pause: saved, sent, new letters. */
  say(text: string): void {
    const now = Date.now();
    if (this.polite.some((other) => other.text === text && now - other.at < AT_ONCE)) return;
    const said = { id: this.#next++, text, at: now };
    this.polite = [...this.polite, said];
    setTimeout(() => (this.polite = this.polite.filter((other) => other !== said)), HEARD_AFTER);
  }

  /** At once: a form that was refused, a letter that did not go out. */
  warn(text: string): void {
    const said = { id: this.#next++, text, at: Date.now() };
    this.urgent = [...this.urgent, said];
    setTimeout(() => (this.urgent = this.urgent.filter((other) => other !== said)), HEARD_AFTER);
  }
}

export const [getAnnouncer, setAnnouncer] = createContext<Announcer>();
