// The quick guide to two-factor login, and its pictures: `UPDATE_SCREENS=1` takes them anew, into what the page ships.
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { appOnPage, step } from "../house/authenticator.ts";
import { violations } from "../house/axe.ts";
import { enterCode, isPhone } from "../house/entering.ts";
import { choose, settled } from "../house/looks.ts";
import { expect, type Page, test } from "../house/test.ts";
import { type Language, words } from "../house/words.ts";

const SHIPPED = join(import.meta.dirname, "../../../web/public/help");
/** They are looked at over a slow network. */
const LARGEST = 40_000;
/** What comes below is not what the step is about. */
const TALLEST = 560;
const PICTURED = [4, 5, 6, 7, 8];

test("the guide is found beside ID-kontroll, and by whoever is not signed in; its pictures are there", async ({ visit, newcomer, m }) => {
  const guns = await visit(await newcomer("Gun Berg"));
  await guns.goto("/settings/identity");
  const opened = guns.context().waitForEvent("page");
  await guns.getByRole("link", { name: m("guide.link") }).press("Enter");
  const [guide, strangers] = [await opened, await visit()];
  await strangers.goto("/help/two-factor");
  for (const page of [guide, strangers]) {
    await expect(page.getByRole("heading", { level: 1, name: m("guide.title") })).toBeVisible();
    await expect(page.getByRole("article").getByRole("heading", { level: 2 })).toHaveCount(8);
    const pictures = page.getByRole("article").getByRole("img");
    await expect(pictures).toHaveCount(PICTURED.length);
    for (const picture of await pictures.all()) {
      await picture.scrollIntoViewIfNeeded();
      await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth > 0)).toBe(true);
    }
    expect(await violations(page)).toEqual([]);
  }
});

test("no picture of the guide is large", () => {
  for (const number of PICTURED) {
    for (const language of ["sv", "en"]) {
      expect(statSync(join(SHIPPED, `two-factor-${number}-${language}.png`)).size).toBeLessThan(LARGEST);
    }
  }
});

for (const language of ["sv", "en"] as const) {
  test(`the eight steps are pictured as they are: ${language}`, async ({ visit, newcomer, server }, info) => {
    const gun = await newcomer("Gun Berg");
    const page = await visit(gun);
    test.skip(!isPhone(page), "the pictures are those of a phone");
    const m = words(language);
    await page.goto("/settings/identity");
    await choose(page, { language, theme: "light" });
    const taken = async (number: number) => {
      await picture(page, number, language, process.env.UPDATE_SCREENS ? SHIPPED : info.outputDir);
    };
    await page.getByRole("checkbox", { name: m("identity.installed") }).check();
    await taken(4);
    const before = await server.messagesTo(gun.phone);
    await page.getByRole("button", { name: m("action.continue") }).click();
    await expect(step(page, m("identity.authorise"))).toBeVisible();
    await taken(5);
    await enterCode(page, await server.code(gun.phone, before), m);
    await expect(step(page, m("identity.scan_title"))).toBeVisible();
    await taken(6);
    const app = await appOnPage(page, m);
    await page.getByRole("button", { name: m("identity.added") }).click();
    await expect(page.getByLabel(m("code.app_label"))).toBeVisible();
    await taken(7);
    await page.getByLabel(m("code.app_label")).fill(app.next());
    await expect(step(page, m("identity.step_8"))).toBeVisible();
    await taken(8);
  });
}

/** What the step shows, without the frame of the page around it. */
async function picture(page: Page, number: number, language: Language, folder: string): Promise<void> {
  await settled(page);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `two-factor-${number}-${language}.png`);
  await page.evaluate(() => scrollTo(0, 0));
  const box = await page.locator(".wizard > .stack").boundingBox();
  if (!box) throw new Error("the step is not shown");
  const clip = { ...box, height: Math.min(box.height, TALLEST) };
  await page.screenshot({ path, clip, fullPage: true, scale: "css", animations: "disabled" });
}
