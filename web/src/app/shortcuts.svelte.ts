// Keyboard shortcuts. Single letters are off inside fields and dialogs, and can be turned off (WCAG 2.1.4).
import { createContext, untrack } from "svelte";
import { tinykeys } from "tinykeys";
import type { Looks } from "./looks.svelte.ts";

export interface Shortcut {
  /** As tinykeys takes it: `j`, `g i`, `$mod+Enter`; a sign that some keyboards shift: `[Shift]+?`. */
  keys: string;
  /** As a person reads it: `J`, `G` then `I`; `$mod` for the key that an Apple keyboard calls ⌘. */
  shown: readonly string[];
  /** What it does. A function, since the language may change. */
  does: () => string;
  act: () => void;
  /** Works inside fields too; only for keys that type nothing. */
  everywhere?: boolean;
}

export class Shortcuts {
  #looks: Looks;
  /** In use now, for the list that `?` shows. */
  inUse = $state.raw<readonly Shortcut[]>([]);

  constructor(looks: Looks) {
    this.#looks = looks;
  }

  /** In use until the returned function is called; made for `$effect(() => shortcuts.use([…]))`. */
  use(added: readonly Shortcut[]): () => void {
    this.inUse = [...untrack(() => this.inUse), ...added];
    const listeners = added.map((shortcut) =>
      tinykeys(
        window,
        {
          [shortcut.keys]: (event) => {
            event.preventDefault();
            shortcut.act();
          },
        },
        // Sequences hear each key first: the last one of theirs is not a key by itself (`g a`, and `a` alone).
        { ignore: (event) => !this.#heeds(shortcut, event), capture: shortcut.keys.includes(" ") },
      ),
    );
    return () => {
      for (const stop of listeners) stop();
      this.inUse = this.inUse.filter((shortcut) => !added.includes(shortcut));
    };
  }

  #heeds(shortcut: Shortcut, event: KeyboardEvent): boolean {
    if (event.isComposing || event.defaultPrevented) return false;
    if (shortcut.everywhere) return true;
    return this.#looks.shortcuts && !typesInto(event.target);
  }
}

function typesInto(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, select, dialog, [popover]") !== null;
}

export const [getShortcuts, setShortcuts] = createContext<Shortcuts>();
