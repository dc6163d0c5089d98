// A finger that rests on something for half a second. What the press would have opened stays shut.

import type { Attachment } from "svelte/attachments";

const LONG = 500;
/** How far a resting finger may tremble, in pixels. */
const TREMBLE = 10;

export function longPress(act: () => void): Attachment<HTMLElement> {
  return (element) => {
    const listening = new AbortController();
    const { signal } = listening;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let at = { x: 0, y: 0 };
    let rested = false;

    element.addEventListener("pointerdown", ({ pointerType, clientX: x, clientY: y }) => {
      rested = false;
      at = { x, y };
      if (pointerType !== "touch") return;
      timer = setTimeout(() => {
        rested = true;
        act();
      }, LONG);
    }, { signal });
    element.addEventListener("pointermove", ({ clientX: x, clientY: y }) => {
      if (Math.hypot(x - at.x, y - at.y) > TREMBLE) clearTimeout(timer);
    }, { signal });
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => clearTimeout(timer), { signal });
    element.addEventListener("click", (event) => {
      if (!rested) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    }, { capture: true, signal });
    // The rows have moved by now, and another one may lie under the finger.
    element.addEventListener("touchend", (event) => {
      if (rested) event.preventDefault();
    }, { passive: false, signal });
    // The browser's own menu of a link, which a resting finger would open too.
    element.addEventListener("contextmenu", (event) => {
      if (rested || (event instanceof PointerEvent && event.pointerType === "touch")) event.preventDefault();
    }, { signal });
    return () => {
      clearTimeout(timer);
      listening.abort();
    };
  };
}
