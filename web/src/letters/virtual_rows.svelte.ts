// Only the rows that can be seen stand in the page, and the one that has the focus. The arithmetic is tanstack's; this is
// its tie to Svelte: three attachments, and what to draw.

import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  observeWindowOffset,
  observeWindowRect,
  Virtualizer,
  windowScroll,
  type VirtualItem,
  type VirtualizerOptions,
} from "@tanstack/virtual-core";
import { untrack } from "svelte";
import type { Attachment } from "svelte/attachments";

export interface Rows {
  count: number;
  /** The name of a row that stays the same when others come before it. */
  key: (index: number) => string | number;
  /** Stays in the page wherever one scrolls: it has the focus, or would get it. */
  kept: number;
  /** How many things stand above the list in what scrolls: when that changes, the list has moved. */
  above: number;
}

/** Beyond what is seen, so that a quick eye meets no gap. */
const OVERSCAN = 6;
/** Of a row that was not measured yet, in lines of the root's size. */
const ESTIMATE = 7;

type Scroller = HTMLElement | Window;
type OfEither = Virtualizer<HTMLElement, HTMLElement> | Virtualizer<Window, HTMLElement>;
type Way<S extends Scroller> = Pick<
  VirtualizerOptions<S, HTMLElement>,
  "observeElementRect" | "observeElementOffset" | "scrollToFn"
>;

const OF_PANE: Way<HTMLElement> = { observeElementRect, observeElementOffset, scrollToFn: elementScroll };
const OF_WINDOW: Way<Window> = {
  observeElementRect: observeWindowRect,
  observeElementOffset: observeWindowOffset,
  scrollToFn: windowScroll,
};

export class VirtualRows {
  /** What to draw, and how far down in the list. */
  items = $state.raw<readonly VirtualItem[]>([]);
  height = $state(0);
  margin = $state(0);
  readonly #rows: () => Rows;
  #virtualizer: OfEither | undefined;
  #list: HTMLElement | undefined;

  constructor(rows: () => Rows) {
    this.#rows = rows;
  }

  /** On the element that scrolls; on a phone, where nothing scrolls by itself, the window does. */
  readonly scroller: Attachment<HTMLElement> = (pane) => {
    const scrolls = getComputedStyle(pane).overflowY !== "visible";
    return scrolls ? this.#begin(pane, OF_PANE) : this.#begin(window, OF_WINDOW);
  };

  /** On the list within it. */
  readonly list: Attachment<HTMLElement> = (list) => {
    this.#list = list;
  };

  /** On each row, with `data-index`. */
  readonly row: Attachment<HTMLElement> = (row) => {
    this.#virtualizer?.measureElement(row);
  };

  /** Scrolls as little as it takes to see the row. */
  reveal(index: number): void {
    this.#virtualizer?.scrollToIndex(index, { align: "auto" });
  }

  #begin<S extends Scroller>(scroller: S, way: Way<S>): () => void {
    const virtualizer = untrack(() => new Virtualizer(this.#options(scroller, way)));
    this.#virtualizer = virtualizer as unknown as OfEither;
    const leave = virtualizer._didMount();
    $effect(() => {
      virtualizer.setOptions(this.#options(scroller, way));
      virtualizer._willUpdate();
      this.#draw();
    });
    return () => {
      leave();
      this.#virtualizer = undefined;
    };
  }

  #draw(): void {
    this.items = this.#virtualizer?.getVirtualItems() ?? [];
    this.height = this.#virtualizer?.getTotalSize() ?? 0;
  }

  #options<S extends Scroller>(scroller: S, way: Way<S>): VirtualizerOptions<S, HTMLElement> {
    const { count, key, kept } = this.#rows();
    const ofWindow = scroller instanceof Window;
    const scrolled = ofWindow ? scroller.scrollY : scroller.scrollTop;
    const top = ofWindow ? 0 : scroller.getBoundingClientRect().top;
    const margin = (this.#list?.getBoundingClientRect().top ?? top) - top + scrolled;
    this.margin = margin;
    // Once, and not for each of thousands of rows: the browser computes a style whenever it is asked for one.
    const estimate = ESTIMATE * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const { scrollPaddingTop, scrollPaddingBottom } = getComputedStyle(ofWindow ? document.documentElement : scroller);
    return {
      ...way,
      count,
      getScrollElement: () => scroller,
      estimateSize: () => estimate,
      getItemKey: key,
      rangeExtractor: (range) => {
        const shown = defaultRangeExtractor(range);
        return kept < 0 || kept >= count || shown.includes(kept) ? shown : [...shown, kept].sort((a, b) => a - b);
      },
      overscan: OVERSCAN,
      scrollMargin: margin,
      // What stands over the edges of what scrolls must not hide the row that is walked to.
      scrollPaddingStart: parseFloat(scrollPaddingTop) || 0,
      scrollPaddingEnd: parseFloat(scrollPaddingBottom) || 0,
      // Letters that come do not push away what is being looked at, unless one looks at the newest.
      anchorTo: scrolled > margin ? "end" : "start",
      onChange: () => this.#draw(),
    };
  }
}
