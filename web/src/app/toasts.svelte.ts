// What was just done, and the way back. At most one at a time.
import { createContext, type Component } from "svelte";
import type { Announcer } from "./announcer.svelte.ts";

export interface Toast {
  /** What happened: "3 brev i papperskorgen". */
  text: string;
  icon?: Component;
  /** Takes it back. */
  undo?: () => void;
  /** It can't be taken back any more: time is over, another toast came, or it was closed. */
  over?: () => void;
  /** The word for not waiting until then: "Skicka nu". Stands in the place of closing, which would do the same. */
  hurry?: string;
}

const SHOWN_FOR = 10_000;

/** Why the time stands still: nobody loses the way back while looking for it. */
export type Hold = "pointer" | "focus" | "hidden";

export class Toasts {
  #announcer: Announcer;
  #holds = new Set<Hold>();
  #left = SHOWN_FOR;
  #since = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  current = $state.raw<Toast | null>(null);

  constructor(announcer: Announcer) {
    this.#announcer = announcer;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.hold("hidden") : this.release("hidden")));
  }

  show(toast: Toast): void {
    this.close();
    this.current = toast;
    this.#left = SHOWN_FOR;
    this.#holds = new Set(document.hidden ? ["hidden"] : []);
    this.#run();
    this.#announcer.say(toast.text);
  }

  undo(): void {
    const toast = this.current;
    if (!toast?.undo) return;
    this.#take();
    toast.undo();
  }

  /** What it offered was done in another place. */
  dismiss(): void {
    this.#take();
  }

  /** Done with it, for good. */
  close(): void {
    const toast = this.current;
    this.#take();
    toast?.over?.();
  }

  hold(why: Hold): void {
    if (this.#holds.size === 0) this.#left -= Date.now() - this.#since;
    clearTimeout(this.#timer);
    this.#holds.add(why);
  }

  release(why: Hold): void {
    this.#holds.delete(why);
    this.#run();
  }

  #run(): void {
    clearTimeout(this.#timer);
    if (!this.current || this.#holds.size > 0) return;
    this.#since = Date.now();
    this.#timer = setTimeout(() => this.close(), Math.max(0, this.#left));
  }

  #take(): void {
    clearTimeout(this.#timer);
    this.current = null;
  }
}

export const [getToasts, setToasts] = createContext<Toasts>();
