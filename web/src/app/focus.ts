import type { Attachment } from "svelte/attachments";

/** Puts the focus on the heading of the page, or of the step, so that a screen reader says where one is. */
export function focusHeading(within: ParentNode = document): void {
  const heading = within.querySelector("main h1") ?? within.querySelector("h1");
  if (!(heading instanceof HTMLElement)) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/**
 * At a step that asks for a code, the caret belongs in its field, where the keyboard and the browser's filling in find it; at
 * another step within a page, on the heading of that step.
 */
export function focusStep(): void {
  const code = document.querySelector<HTMLElement>("main [autocomplete='one-time-code']");
  const here = code ?? document.querySelector<HTMLElement>("main [data-step]");
  if (here) here.focus();
  else focusHeading();
}

const PANES = "[data-pane], [data-toast]";

/** F6: on to the next part of the window that has one. A pane carries `data-pane`; its first focusable thing gets the focus. */
export function focusNextPane(step: 1 | -1): void {
  const panes = [...document.querySelectorAll<HTMLElement>(PANES)].filter((pane) => pane.checkVisibility());
  const here = panes.findIndex((pane) => pane.contains(document.activeElement));
  const next = panes[(here + step + panes.length) % panes.length] ?? panes[0];
  if (!next) return;
  const inside = next.querySelector<HTMLElement>("[aria-current], [tabindex='0'], a[href], button, h1[tabindex]");
  if (inside) inside.focus();
  else {
    next.tabIndex = -1;
    next.focus();
  }
}

/**
 * For a page whose fragment says what is shown: its heading gets the focus when that is something else. The router moves the
 * focus when the path changes, and so the first time.
 */
export function followFragment(): (shown: string) => Attachment<HTMLElement> {
  let first = true;
  return () => (page) => {
    if (!first) {
      focusHeading(page);
      page.scrollIntoView({ block: "start" });
    }
    first = false;
  };
}
