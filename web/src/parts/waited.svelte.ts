import { onDestroy } from "svelte";

/** How long somebody has waited, in the steps of GUIDE "Waiting": nothing, a skeleton, words, a way out. */
export function waited(): { readonly frame: boolean; readonly words: boolean; readonly wayOut: boolean } {
  let step = $state(0);
  const timers = [300, 2_000, 10_000].map((after, index) => setTimeout(() => (step = index + 1), after));
  onDestroy(() => timers.forEach((timer) => clearTimeout(timer)));
  return {
    get frame() {
      return step >= 1;
    },
    get words() {
      return step >= 2;
    },
    get wayOut() {
      return step >= 3;
    },
  };
}
