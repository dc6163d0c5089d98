import type { Plugin } from "vite";

/**
 * Holds the first paint until the page's own script has set theme, text size and language: a person who chose dark
 * sees no white flash, and no inline script is needed for it. Browsers without `blocking` paint as they always did.
 */
export function paintedInOneGo(): Plugin {
  return {
    name: "painted-in-one-go",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
    },
  };
}
