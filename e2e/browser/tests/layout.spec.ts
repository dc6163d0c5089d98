// That everything fits: on the narrowest phone, with the largest text, on paper.
import { chromium } from "@playwright/test";
import { ROUTES } from "../../../web/src/app/routes.ts";
import { NEW, OPEN_LETTER, TOLD_LETTER } from "../house/annas_mailbox.ts";
import { chromium as found } from "../house/chromium.ts";
import { signIn } from "../house/entering.ts";
import { expect, type Page, test } from "../house/lived_in.ts";
import { choose, type Look, settled } from "../house/looks.ts";
import { tooWide } from "../house/ruler.ts";
import type { Words } from "../house/words.ts";
import { addReader, goTo, open } from "../house/writing.ts";

/** What WCAG 1.4.10 asks for: 1280 pixels at 400 %. */
const NARROWEST = { width: 320, height: 640 };

test.describe.configure({ timeout: 120_000 });

test.describe("nothing is wider than the window", () => {
  for (const text of ["normal", "largest"] as const) {
    test(`on the narrowest phone, with ${text} text`, async ({ annas, nobodys, language, m }) => {
      await walk(annas, nobodys, { language, theme: "light", text }, m, (page) => page.setViewportSize(NARROWEST));
    });
  }

  test("with the browser's own text at 200 %", async ({ server, anna, viewport, language, locale, m }) => {
    const options = found();
    const browser = await chromium.launch({ ...options, args: [...(options.args ?? []), "--blink-settings=defaultFontSize=32,defaultFixedFontSize=26"] });
    const windows = await Promise.all(
      [0, 1].map(() => browser.newContext({ baseURL: server.url, ...(locale ? { locale } : {}), viewport })),
    );
    const [annas, nobodys] = await Promise.all(windows.map((window) => window.newPage()));
    if (!annas || !nobodys) throw new Error("no windows");
    await signIn(annas, server, anna, m);
    expect(await annas.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe("32px");
    await nobodys.goto("/sign-in");
    await walk(annas, nobodys, { language, theme: "light" }, m, async () => undefined);
    await browser.close();
  });
});

for (const [low, size] of [["at 400 % zoom", { width: 320, height: 200 }], ["on a phone held sideways", { width: 844, height: 390 }]] as const) {
  test(`no bar stands over a letter ${low}`, async ({ annas }) => {
    await open(annas, OPEN_LETTER);
    await annas.setViewportSize(size);
    await settled(annas);
    const staying = await annas.evaluate(() => {
      const shown = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility() && element.getBoundingClientRect().height > 1);
      return shown.filter((element) => ["fixed", "sticky"].includes(getComputedStyle(element).position)).map(({ className }) => className);
    });
    expect(staying).toEqual([]);
    const words = annas.getByRole("article").getByText("Ska jag komma in på fredag");
    await words.scrollIntoViewIfNeeded();
    await expect(words).toBeInViewport();
    await annas.evaluate(() => scrollTo(0, 1_000));
    if (size.width > 768) expect(await annas.evaluate(() => scrollY), "the window itself").toBe(0);
  });
}

test("buttons have words from 768 pixels up", async ({ annas, m }) => {
  await annas.setViewportSize({ width: 768, height: 1024 });
  await annas.goto("/mail/inbox");
  await open(annas, OPEN_LETTER);
  for (const word of ["nav.write", "letter.answer", "letter.archive", "letter.bin"] as const) {
    await expect(annas.getByText(m(word), { exact: true }).filter({ visible: true }).first()).toBeInViewport();
  }
  expect(await tooWide(annas)).toEqual([]);
});

/** Every page of the table, and the states of them that are widest. */
async function walk(annas: Page, nobodys: Page, look: Look, m: Words, size: (page: Page) => Promise<void>): Promise<void> {
  for (const page of [annas, nobodys]) {
    await size(page);
    await choose(page, look);
  }
  const fits = async (page: Page, where: string) => {
    await settled(page);
    expect.soft(await tooWide(page), where).toEqual([]);
  };
  for (const { path, access } of ROUTES) {
    const page = access === "mailbox" ? annas : nobodys;
    await follow(page, path);
    await fits(page, path);
  }
  await follow(annas, "/mail/inbox");
  await open(annas, OPEN_LETTER);
  await fits(annas, "an open letter");
  await follow(annas, `/compare#${NEW}`);
  await expect(annas.getByRole("heading", { name: m("compare.digits.title") })).toBeVisible();
  await fits(annas, "sixty digits");
  await follow(annas, "/mail/trash");
  await annas.getByRole("button", { name: m("trash.empty") }).click();
  await fits(annas, "the question before erasing");
  await annas.keyboard.press("Escape");
  await follow(annas, "/mail/write");
  for (const address of [NEW, "en.mycket.lang.adress.som.ingen.har@nagonstans.demo.example"]) await addReader(annas, address, m);
  await annas.getByRole("button", { name: m("write.send") }).click();
  await fits(annas, "a letter that can't be sent");
}

/** Goes there by a link, so that the mailbox need not be opened again. */
async function follow(page: Page, to: string): Promise<void> {
  await page.evaluate((href) => {
    const link = Object.assign(document.createElement("a"), { href });
    document.body.append(link);
    link.click();
    link.remove();
  }, to);
  await expect(page).toHaveURL(to);
}

test.describe("on paper", () => {
  test("a letter is its words, its people and its date, and none of the page's tools", async ({ annas, m }) => {
    await open(annas, OPEN_LETTER);
    await annas.emulateMedia({ media: "print" });
    const letter = annas.getByRole("article");
    await expect(letter.getByRole("heading", { level: 1, name: OPEN_LETTER })).toBeVisible();
    for (const words of ["Ska jag komma in på fredag", "bjorn@demo.example"]) await expect(letter.getByText(words).filter({ visible: true })).toHaveCount(1);
    await expect(letter.getByText(String(new Date().getFullYear())).filter({ visible: true }), "the whole date").not.toHaveCount(0);
    await expect(letter.getByText(m("key.known")).filter({ visible: true }), "how the key stood").toHaveCount(1);
    await expect(annas.getByRole("main").getByRole("button").filter({ visible: true })).toHaveCount(0);
    await expect(annas.getByRole("navigation").filter({ visible: true })).toHaveCount(0);
    await expect(annas.getByRole("heading", { name: m("folder.inbox") }).filter({ visible: true })).toHaveCount(0);
    expect(await sheets(annas)).toBe(1);
  });

  test("one's own letter is that too, with what became of it", async ({ annas, m }) => {
    await goTo(annas, "sent", m);
    await open(annas, TOLD_LETTER);
    await expect(annas.getByRole("button", { name: m("withdraw.open") })).toBeVisible();
    await annas.emulateMedia({ media: "print" });
    await expect(annas.getByRole("region", { name: m("letter.status") })).toBeVisible();
    await expect(annas.getByRole("main").getByRole("button").filter({ visible: true })).toHaveCount(0);
  });

  test("a long letter takes all its pages, in largest text too, and says that its signature holds", async ({ visit, newcomer, language, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const lines = Array.from({ length: 300 }, (_, line) => `${line}. ${"ord ".repeat(10)}`);
    await per.terminal.send({ to: [gun.address], subject: "Journalen", text: `${lines.join("\n")}\n\n${"x".repeat(300)}\n\n${"a\n\n".repeat(100)}` });
    const guns = await visit(gun);
    await open(guns, "Journalen");
    await choose(guns, { language, theme: "dark", text: "largest" });
    await guns.emulateMedia({ media: "print" });
    await expect(guns.getByText(m("seal.new")).filter({ visible: true })).toBeVisible();
    expect(await tooWide(guns)).toEqual([]);
    expect(await sheets(guns)).toBeGreaterThan(8);
  });

  for (const text of ["normal", "largest"] as const) {
    test(`the recovery sheet is one A4, with ${text} text`, async ({ visit, newcomer, language, m }) => {
      const gun = await newcomer("Gun Berg");
      const page = await visit(gun);
      await page.goto("/settings/keys");
      await choose(page, { language, theme: "dark", text });
      await page.getByRole("button", { name: m("new_sheet.make") }).click();
      await expect(page.getByRole("button", { name: m("sheet.print") })).toBeVisible();
      await page.emulateMedia({ media: "print" });
      await expect(page.getByRole("heading", { level: 1 }).filter({ visible: true })).toHaveText(m("sheet.title"));
      await expect(page.getByText(gun.address).filter({ visible: true })).toBeVisible();
      await expect(page.getByText(/^([0-9A-HJKMNP-TV-Z]{4}\s*){7}$/).filter({ visible: true })).toHaveCount(1);
      await expect(page.getByRole("button").filter({ visible: true })).toHaveCount(0);
      expect(await sheets(page)).toBe(1);
    });
  }
});

/** How many sheets of A4 the page would take. */
async function sheets(page: Page): Promise<number> {
  const document = (await page.pdf({ format: "A4" })).toString("latin1");
  return document.match(/\/Type\s*\/Page\b/g)?.length ?? 0;
}
