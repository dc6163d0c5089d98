// What a person at a slow machine sees: how soon a press shows, and whether a list has gaps while it is scrolled.
import type { Locator, Page } from "@playwright/test";

/** What shows that a press was heard: it is there, or it is gone. */
export interface Answer {
  there?: string;
  gone?: string;
}

interface Scope {
  answered: Promise<number>;
  gaps: () => Gaps;
}

/** Milliseconds from the press, as the browser took it, to the frame in which its answer was painted. */
export async function answerTo(page: Page, press: () => Promise<void>, answer: Answer): Promise<number> {
  await page.evaluate(({ there, gone }) => {
    const shown = () => (there === undefined || document.querySelector(there) !== null) && (gone === undefined || document.querySelector(gone) === null);
    (globalThis as unknown as Scope).answered = new Promise((resolve) => {
      let pressed: number | undefined;
      const heard = (event: Event) => (pressed ??= event.timeStamp);
      for (const kind of ["click", "keydown"]) addEventListener(kind, heard, { capture: true, once: true });
      const look = (): void => {
        if (pressed === undefined || !shown()) return void requestAnimationFrame(look);
        const since = pressed;
        setTimeout(() => resolve(performance.now() - since)); // after the frame is painted
      };
      requestAnimationFrame(look);
    });
  }, answer);
  await press();
  return page.evaluate(() => (globalThis as unknown as Scope).answered);
}

export interface Gaps {
  frames: number;
  /** Frames in which something of the list's room had no row. */
  empty: number;
  /** Frames in which a row's shape stood there, and its letter did not. */
  coming: number;
  /** How long the longest of each stood there, in milliseconds. */
  longestEmpty: number;
  longestComing: number;
}

/** Looks at a list until the returned function is called. */
export async function watchGaps(list: Locator): Promise<() => Promise<Gaps>> {
  await list.evaluate((rows) => {
    const found = { frames: 0, empty: 0, coming: 0, longestEmpty: 0, longestComing: 0 };
    const since = { empty: 0, coming: 0 };
    let looking = true;
    let pane: Element | null = rows.parentElement;
    while (pane && getComputedStyle(pane).overflowY === "visible") pane = pane.parentElement;
    const room = () => {
      const [list, seen] = [rows.getBoundingClientRect(), pane?.getBoundingClientRect()];
      return { top: Math.max(list.top, seen?.top ?? 0, 0), bottom: Math.min(list.bottom, seen?.bottom ?? innerHeight, innerHeight) };
    };
    const inSight = (found: Iterable<Element>) => {
      const { top, bottom } = room();
      return [...found].map((one) => one.getBoundingClientRect()).filter((box) => box.bottom > top + 1 && box.top < bottom - 1);
    };
    const isEmpty = () => {
      const { top, bottom } = room();
      let covered = top;
      for (const box of inSight(rows.children).sort((a, b) => a.top - b.top)) if (box.top <= covered + 2) covered = Math.max(covered, box.bottom);
      return covered < bottom - 2;
    };
    const note = (kind: "empty" | "coming", holds: boolean, now: number) => {
      if (!holds) return void (since[kind] = 0);
      since[kind] ||= now;
      found[kind] += 1;
      const longest = kind === "empty" ? "longestEmpty" : "longestComing";
      found[longest] = Math.max(found[longest], now - since[kind]);
    };
    // What was painted last stands where it was scrolled to until the list has drawn anew: so it is looked at before that.
    let emptyBefore = false;
    addEventListener("scroll", () => (emptyBefore ||= isEmpty()), { capture: true });
    const look = (now: number) => {
      found.frames += 1;
      note("empty", emptyBefore || isEmpty(), now);
      note("coming", inSight(rows.querySelectorAll(".coming")).length > 0, now);
      emptyBefore = false;
      if (looking) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    (globalThis as unknown as Scope).gaps = () => {
      looking = false;
      return found;
    };
  });
  return () => list.page().evaluate(() => (globalThis as unknown as Scope).gaps());
}
