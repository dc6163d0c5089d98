// A browser's translator, as far as a page feels it: each text is taken out, and one in an element of its own put in its
// place, now and whenever something new appears.
import type { Page } from "@playwright/test";

/** From the next page on. What must not be translated stands as it stood. */
export async function translated(page: Page): Promise<void> {
  await page.addInitScript(() => {
    function translate() {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts: Text[] = [];
      while (walker.nextNode()) texts.push(walker.currentNode as Text);
      for (const text of texts) {
        const around = text.parentElement;
        if (!text.data.trim() || !around || around.closest("font, script, style, textarea, [translate=no]")) continue;
        const [outer, inner] = [document.createElement("font"), document.createElement("font")];
        inner.textContent = text.data;
        outer.append(inner);
        text.replaceWith(outer);
      }
    }
    addEventListener("DOMContentLoaded", () => {
      translate();
      new MutationObserver(translate).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
  });
}
