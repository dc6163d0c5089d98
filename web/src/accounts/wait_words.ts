// What is said of what waits to be done to an account, by what it is.
import { m } from "../paraglide/messages.js";
import { when } from "../parts/dates.ts";
import type { Wait, WaitKind } from "../worker/types.ts";

interface Words {
  /** At the top of every page. */
  title: () => string;
  /** Where a link leads. */
  heading: () => string;
  /** What happened, and what happens next. */
  shown: (wait: Wait) => string;
  /** What it means to stop it. */
  stopMeans: () => string;
  /** The button that stops it, and the one that lets it go on. */
  stop: () => string;
  goOn: (wait: Wait) => string;
  /** The tick of whoever came by a link. */
  notMine: () => string;
  stopped: () => string;
  /** After a stop, to somebody who is not signed in. */
  then: () => string;
}

export const WAIT_WORDS: Readonly<Record<WaitKind, Words>> = {
  recovery: {
    title: () => m["wait.somebody"](),
    heading: () => m["title.stop"](),
    shown: ({ begun, due }) => m["wait.shown"]({ begun: when(begun), due: when(due) }),
    stopMeans: () => m["wait.stop_means"](),
    stop: () => m["wait.stop"](),
    goOn: () => m["wait.it_is_me"](),
    notMine: () => m["stop.not_mine"](),
    stopped: () => m["wait.stopped"](),
    then: () => m["stop.done_text"](),
  },
  removal: {
    title: () => m["removal.somebody"](),
    heading: () => m["removal.heading"](),
    shown: ({ begun, due }) => m["removal.shown"]({ begun: when(begun), due: when(due) }),
    stopMeans: () => m["removal.stop_means"](),
    stop: () => m["removal.keep"](),
    goOn: ({ due }) => m["removal.let_go"]({ due: when(due) }),
    notMine: () => m["removal.not_mine"](),
    stopped: () => m["removal.stopped"](),
    then: () => m["removal.stopped_text"](),
  },
};
