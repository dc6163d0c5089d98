// What is said aloud of a file that was fetched, once.

import { sentence } from "../app/problems.ts";
import { within } from "../letters/names.ts";
import { m } from "../paraglide/messages.js";
import type { Receiving } from "./engine.ts";

/** What speaks of it, and who sent it, as they are called in a sentence. */
export interface Voice {
  from: string;
  say: (text: string) => void;
  warn: (text: string) => void;
}

export const said = {
  saved: (name: string) => m["files.said_saved"]({ name: within(name) }),
  allSaved: () => m["files.said_all_saved"](),
  notSaved: () => `${m["files.not_saved_here"]()}. ${m["files.not_saved_here_more"]()}`,
  failed: (name: string, state: Receiving, { from }: Pick<Voice, "from">) =>
    state.is === "failed"
      ? m["files.said_not_received"]({ name: within(name), why: sentence(state.problem) })
      : m["files.said_not_the_file"]({ name: within(name), from }),
};
