// What stands under the name of a file: how large it is, what happens with it, how much is left, and what can be done.

import type { Component } from "svelte";

export interface Line {
  text: string;
  icon?: Component;
  tone?: "ok" | "bad";
  /** Below, over the whole width: why, and what to do. */
  more?: string;
  progress?: {
    value: number;
    max: number;
    /** What is going on, in words. */
    label: string;
    /** It stands still: grey, for that is no failure. */
    still?: boolean;
  };
}
