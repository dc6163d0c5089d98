// A person without a mouse: every step of the focus is looked at on the way.
import { expect, type Locator, type Page } from "@playwright/test";

const FAR = 60;

/** Tabs on until the focus is there. It is seen all the way: it moves, has a ring, and stands where it can be looked at. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  let before = await focusOf(page);
  for (let steps = 0; steps < FAR; steps++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
    const here = await focusOf(page);
    if (here.where === "the browser") continue; // round the corner, from the last to the first
    expect(here.where, "the focus moves").not.toBe(before.where);
    expect(here, `the focus is seen on ${here.where}`).toMatchObject({ ring: true, inSight: true });
    before = here;
  }
  throw new Error(`no Tab led to ${target.toString()}`);
}

interface Focus {
  /** A path to the element, to tell it from the one before. */
  where: string;
  ring: boolean;
  inSight: boolean;
}

function focusOf(page: Page): Promise<Focus> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return { where: "the browser", ring: false, inSight: false };
    const path: string[] = [];
    for (let at: Element | null = element; at; at = at.parentElement) {
      path.unshift(`${at.tagName}${[...(at.parentElement?.children ?? [])].indexOf(at)}`);
    }
    const box = element.getBoundingClientRect();
    const [x, y] = [box.x + Math.min(box.width, innerWidth) / 2, box.y + Math.min(box.height, innerHeight) / 2];
    const above = document.elementFromPoint(x, y);
    // A tick or a radio is drawn by what stands around it, and so is its ring.
    const ringed = [element, element.parentElement].filter((one) => one !== null);
    return {
      where: path.join(">"),
      ring: ringed.some((one) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
      }),
      inSight: above !== null && (element.contains(above) || above.contains(element)),
    };
  });
}
