// What is done with letters of a folder: at once, with ten seconds to take back what moved them.

import type { Announcer } from "../app/announcer.svelte.ts";
import type { Session } from "../app/session.svelte.ts";
import type { Toasts } from "../app/toasts.svelte.ts";
import { m } from "../paraglide/messages.js";
import { problemIn } from "../worker/index.ts";
import type { Counts, Folder, Marking } from "../worker/types.ts";
import type { OpenFolder } from "./folder.svelte.ts";
import { whereItWent } from "./where_it_went.ts";

export interface Around {
  announcer: Announcer;
  letters: OpenFolder;
  session: Session;
  toasts: Toasts;
  /** These are back. */
  back: (ids: readonly string[]) => void;
}

export class Filing {
  readonly #around: Around;

  constructor(around: Around) {
    this.#around = around;
  }

  async move(ids: readonly string[], to: Folder): Promise<void> {
    await this.#moved(ids, to, this.#around.letters.move(ids, to));
  }

  /** Out of the archive or the trash, to where they came from. */
  async putBack(ids: readonly string[]): Promise<void> {
    await this.#moved(ids, "inbox", this.#around.letters.putBack(ids));
  }

  async mark(ids: readonly string[], marks: Omit<Marking, "ids">): Promise<void> {
    const marked = await this.#done(this.#around.letters.mark({ ids: [...ids], ...marks }), m["letter.not_marked"]());
    if (marked) this.#around.announcer.say(m["letter.marked"]());
  }

  async #moved(ids: readonly string[], to: Folder, moving: Promise<Counts>): Promise<void> {
    this.#around.toasts.show({ ...whereItWent(to, ids.length), undo: () => void this.#undo(ids) });
    await this.#done(moving, m["letter.not_moved"]());
  }

  async #undo(ids: readonly string[]): Promise<void> {
    if (!(await this.#done(this.#around.letters.bringBack(ids), m["letter.not_moved"]()))) return;
    this.#around.announcer.say(m["letter.put_back_done"]());
    this.#around.back(ids);
  }

  async #done(doing: Promise<Counts>, not: string): Promise<boolean> {
    try {
      this.#around.session.counts = await doing;
      return true;
    } catch (failed) {
      problemIn(failed);
      this.#around.toasts.show({ text: not });
      return false;
    }
  }
}
