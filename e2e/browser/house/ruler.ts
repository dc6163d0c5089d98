// What does not fit on the page, by measuring.
import type { Page } from "@playwright/test";

/** One line for each thing that would make somebody scroll sideways, or that is cut off at the side. */
export function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const isCutOff = (line: Element): boolean =>
      getComputedStyle(line).textOverflow === "ellipsis" || (getComputedStyle(line).display.startsWith("inline") && line.parentElement !== null && isCutOff(line.parentElement));
    const edge = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > edge) found.push(`the page is ${document.documentElement.scrollWidth} wide of ${edge}`);
    for (const element of document.body.querySelectorAll<HTMLElement>("*")) {
      if (!element.checkVisibility({ visibilityProperty: true })) continue;
      const name = `${element.tagName.toLowerCase()}.${element.classList[0] ?? ""} "${element.textContent.trim().slice(0, 40)}"`;
      const { overflowX, clip, clipPath, position } = getComputedStyle(element);
      const { left, right, width } = element.getBoundingClientRect();
      // Skips what only a screen reader gets, and drawings, which their frame clips.
      if (width <= 1 || clip !== "auto" || clipPath !== "none" || element instanceof SVGElement) continue;
      // Words in a line that ends in an ellipsis go on behind its end.
      if (element.tagName === "BDI" && element.parentElement && isCutOff(element.parentElement)) continue;
      if (/auto|scroll/.test(overflowX) && element.scrollWidth > element.clientWidth + 1) found.push(`scrolls sideways: ${name}`);
      if (position !== "absolute" && (right > edge + 1 || left < -1)) found.push(`from ${left} to ${right}, of ${edge}: ${name}`);
    }
    return found;
  });
}
