// How a person can want the page, changed while it stands there: as if they had chosen it in another tab.
import { expect, type Page } from "@playwright/test";
import type { Language } from "./words.ts";

export interface Look {
  language: Language;
  theme: "light" | "dark";
  text?: "normal" | "large" | "largest";
  density?: "airy" | "compact";
}

export const EVERY_LOOK: readonly Look[] = [
  { language: "sv", theme: "light" },
  { language: "sv", theme: "dark" },
  { language: "en", theme: "light" },
  { language: "en", theme: "dark" },
];

export async function choose(page: Page, look: Look): Promise<void> {
  await page.evaluate((chosen) => {
    localStorage.setItem("looks", JSON.stringify(chosen));
    dispatchEvent(new StorageEvent("storage", { key: "looks" }));
  }, look);
  await expect(page.locator("html")).toHaveAttribute("lang", look.language);
}

/** Everything that was being fetched is there, in its own typeface, and nothing moves any more. */
export async function settled(page: Page): Promise<void> {
  // In one look: one page's heading and the next one's rest are not a page.
  await expect(page.locator("body:has(h1):not(:has([aria-busy=true]))")).toBeAttached();
  await page.evaluate(async () => {
    await document.fonts.ready;
    // Not waited for: an animation in a closed <details> never ends.
    for (const animation of document.getAnimations()) {
      if (animation.effect?.getComputedTiming().endTime !== Infinity) animation.finish();
    }
  });
}

/** What stands there in the colours of danger: never only because the network is gone. */
export async function inRed(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement("i"));
    const colour = (token: string) => {
      probe.style.color = `var(${token})`;
      return getComputedStyle(probe).color;
    };
    const reds = ["--danger", "--danger-text", "--danger-line", "--danger-soft"].map(colour);
    probe.remove();
    const shown = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility());
    const red = shown.filter((element) => {
      const style = getComputedStyle(element);
      const sides = (["Top", "Right", "Bottom", "Left"] as const).filter((side) => style[`border${side}Width`] !== "0px");
      const borders = sides.map((side) => style[`border${side}Color`]);
      return [style.color, style.backgroundColor, ...borders].some((one) => reds.includes(one));
    });
    return red.map((element) => `${element.tagName}: ${element.textContent.trim()}`);
  });
}
