// The pages that anybody may read: every one of them in both languages and themes, without scripts, narrow and with large text; what
// they ask of nobody; and a letter to whoever runs the service.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HtmlValidate } from "html-validate";
import { violations } from "../house/axe.ts";
import { clean } from "../house/guests.ts";
import { settled } from "../house/looks.ts";
import { Server } from "../house/server.ts";
import { Terminal } from "../house/terminal.ts";
import { expect, type Page, test } from "../house/test.ts";
import { NOT_THERE } from "../house/watch.ts";

/** What the sitemap does not list, and a person may see. */
const UNLISTED = ["/problems", "/problems/busy", "/en/problems/busy", "/search?q=nyckel", "/en/search?q=key", "/search?q=xyzzy"];
const NOWHERE = "/en/nowhere";

/** The guides on paper, which the binary carries, and of which text each was printed. */
const BROCHURES = join(import.meta.dirname, "../../../crates/site/brochures");
const PRINTED = join(BROCHURES, "printed.json");
const LARGEST = 500_000;

/** Every page, by its address, as search engines are told of it. */
async function everyPage(server: Server): Promise<string[]> {
  const sitemap = await (await fetch(`${server.url}/sitemap.xml`)).text();
  const listed = [...sitemap.matchAll(/<loc>https?:\/\/[^/]+([^<]*)<\/loc>/gu)].map(([, path]) => path ?? "");
  expect(listed.length).toBeGreaterThan(30);
  return [...listed, ...UNLISTED];
}

test.describe.configure({ timeout: 240_000 }); // some look at every page

test("every page holds to the rules, in both languages and themes", async ({ page, server, watch }) => {
  watch.expect(NOT_THERE);
  for (const path of [...(await everyPage(server)), NOWHERE]) {
    await page.goto(path);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await settled(page);
      expect.soft(await violations(page), `${path}, ${colorScheme}`).toEqual([]);
    }
  }
});

test("every page is HTML as the standard wants it", async ({ server }) => {
  const validator = new HtmlValidate({ extends: ["html-validate:standard"] });
  for (const path of [...(await everyPage(server)), NOWHERE]) {
    const html = await (await fetch(server.url + path, { headers: { accept: "text/html" } })).text();
    const { results } = await validator.validateString(html);
    const wrong = results.flatMap(({ messages }) => messages.map(({ ruleId, message, line }) => `${ruleId}: ${message} (line ${line})`));
    expect.soft(wrong, path).toEqual([]);
  }
});

test("no page is wider than the window, at 320 px and with the text at 200 %", async ({ page, server }) => {
  const pages = await everyPage(server);
  const sizes = [
    { width: 320, text: "100%" },
    { width: 640, text: "200%" },
  ];
  for (const { width, text } of sizes) {
    await page.setViewportSize({ width, height: 800 });
    for (const path of pages) {
      await page.goto(path);
      await page.evaluate((size) => (document.documentElement.style.fontSize = size), text);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect.soft(beyond, `${path} at ${width} px, text at ${text}`).toBeLessThanOrEqual(0);
    }
  }
});

test("every page is read without scripts, sets no cookie, and asks no other site", async ({ browser, server }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: server.url });
  const page = await context.newPage();
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== server.url) elsewhere.push(request.url());
  });
  for (const path of await everyPage(server)) {
    await page.goto(path);
    await expect(page.locator("h1")).toHaveCount(1);
    expect((await page.locator("main").innerText()).length, path).toBeGreaterThan(60);
  }
  expect(elsewhere).toEqual([]);
  expect(await context.cookies()).toEqual([]);
  await context.close();
});

test("a page is the same bytes for whoever is signed in and for whoever is not", async ({ visit, server }) => {
  const annas = await visit(await server.person("anna"));
  for (const path of await everyPage(server)) {
    const theirs = await annas.request.get(path, { headers: { accept: "text/html" } });
    const strangers = await (await fetch(server.url + path, { headers: { accept: "text/html" } })).text();
    // The page of the state says when it looked.
    const timeless = (html: string) => html.replace(/\d\d[.:]\d\d \(UTC\)/u, "");
    expect(timeless(await theirs.text()), path).toBe(timeless(strangers));
    expect(theirs.headers()["set-cookie"], path).toBeUndefined();
  }
});

test("the start page is there for strangers, and leads whoever has a mailbox open to it", async ({ page, visit, server, m }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Förseglade brev mellan er två");
  await page.goto("/en");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const annas = await visit(await server.person("anna"));
  await annas.goto("/");
  await expect(annas).toHaveURL("/mail/inbox");
  await expect(annas.getByRole("heading", { level: 1, name: m("folder.inbox") })).toBeVisible();
});

test("with a keyboard alone one gets past the menu, opens a question, and finds a word", async ({ page }) => {
  await page.goto("/faq");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Hoppa till innehållet" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  const question = page.locator("#two-factor > summary");
  await question.focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#two-factor .fold__body")).toBeVisible();
  await page.getByRole("searchbox").focus();
  await page.keyboard.type("papperskorgen");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status")).toContainText("papperskorgen");
  await page.getByRole("main").getByRole("listitem").getByRole("link").first().press("Enter");
  await expect(page.getByText("papperskorgen").first()).toBeAttached();
});

test("whoever runs the service is written to under seal, answers, and is read by the link", async ({ browser, m, language, watch }) => {
  const server = await Server.start({
    OPERATOR__NAME: "Region Sund",
    SITE__WRITE_TO: "sund-svarar",
    SITE__ANSWERED_WITHIN__SV: "en arbetsdag",
    SITE__ANSWERED_WITHIN__EN: "one working day",
  });
  const operator = { name: "Kundtjänst", address: "kundtjanst@sund.example", phone: "+46701740699", password: "ullvante lagun 4711 tegelugn" };
  const { terminal } = await Terminal.registered(server, operator);
  await terminal.openPage("sund-svarar", "Region Sunds kundtjänst");
  const context = await browser.newContext({ baseURL: server.url });
  await watch.over(context);
  const page = await context.newPage();
  await page.goto(language === "en" ? "/en/contact" : "/contact");
  await expect(page.getByText(language === "en" ? "one working day" : "en arbetsdag").first()).toBeVisible();
  await page.locator("main a[href='/to/sund-svarar']").first().click();
  await expect(page.getByRole("heading", { level: 1, name: m("to.title", { title: "Region Sunds kundtjänst" }) })).toBeVisible();
  await page.getByLabel(m("to.text"), { exact: true }).fill("Jag har bytt mobil och kommer inte in.");
  await page.getByRole("button", { name: m("to.send") }).click();
  await expect(page.getByLabel(m("to.text"), { exact: true }), "nothing that was typed is lost").toHaveValue("Jag har bytt mobil och kommer inte in.");
  await page.getByLabel(m("to.name"), { exact: true }).fill("Gun Ek");
  await page.getByLabel(m("to.subject"), { exact: true }).fill("Ny mobil");
  await page.getByRole("button", { name: m("to.send") }).click();
  const link = await page.getByText(/\/l#[\w-]{48}$/).innerText();
  await clean(page);

  const [letter] = await terminal.list();
  expect(await terminal.read(letter?.id ?? "")).toMatchObject({ text: "Jag har bytt mobil och kommer inte in." });
  await terminal.send({ to: [letter?.from ?? ""], subject: "Sv: Ny mobil", text: "Vi ringer dig.", answers: letter?.id ?? "" });
  const later = await (await browser.newContext({ baseURL: server.url })).newPage();
  await read(later, link, m("to.open"));
  await later.context().close();
  await context.close();
  await server.end();
});

async function read(page: Page, link: string, open: string): Promise<void> {
  await page.goto(link);
  await page.getByRole("button", { name: open }).click();
  await expect(page.getByText("Vi ringer dig.")).toBeVisible();
}

test("every guide is printed as a PDF that can be read aloud, and the binary has that of today's text", async ({ page, server }) => {
  const guides = (await everyPage(server)).filter((path) => /\/guides\/./u.test(path));
  expect(guides).toHaveLength(14);
  const printed: Record<string, string> = {};
  mkdirSync(BROCHURES, { recursive: true });
  for (const path of guides) {
    await page.goto(path);
    await settled(page);
    for (const picture of await page.locator("main img").all()) await picture.scrollIntoViewIfNeeded();
    await page.waitForFunction(() => [...document.images].every((image) => image.complete));
    // Links would lead to this test's own server.
    await page.evaluate(() => document.querySelectorAll("a").forEach((link) => link.removeAttribute("href")));
    const pdf = await page.pdf({ format: "A4", tagged: true, outline: true, preferCSSPageSize: true });
    expect(pdf.length, path).toBeLessThan(LARGEST);
    const said = pdf.toString("latin1");
    expect(said, "nobody is sent to their own machine").not.toContain("localhost");
    expect(said, `${path} is tagged, in its language`).toMatch(/\/MarkInfo\s*<<[^>]*\/Marked true/u);
    expect(said).toContain(`/Lang (${path.startsWith("/en") ? "en" : "sv"})`);
    // A variable font goes in as drawings of its letters (Type 3), any other as a file.
    expect(said.match(/\/FontFile[23]?\b|\/Subtype \/Type3\b/gu)?.length, `${path} has its fonts`).toBeGreaterThanOrEqual(
      said.match(/\/Type \/Font\b/gu)?.length ?? 1,
    );
    const name = `${path.split("/").at(-1) ?? ""}-${path.startsWith("/en") ? "en" : "sv"}`;
    printed[name] = createHash("sha256").update(await page.locator("main").innerText()).digest("hex");
    if (process.env.UPDATE_SCREENS) writeFileSync(join(BROCHURES, `${name}.pdf`), pdf);
  }
  if (process.env.UPDATE_SCREENS) writeFileSync(PRINTED, `${JSON.stringify(printed, null, 2)}\n`);
  expect(printed, "print them anew: UPDATE_SCREENS=1 npx playwright test site -g printed").toEqual(JSON.parse(readFileSync(PRINTED, "utf8")));
});

test("the brochure is two sheets of paper, with a phone number too", async ({ browser, page: anybodys }) => {
  const server = await Server.start({
    OPERATOR__NAME: "Region Sund",
    SITE__PHONE: "08-465 004 00",
    SITE__HOURS__SV: "vardagar 8–16",
    SITE__HOURS__EN: "weekdays 8–16",
  });
  const theirs = await (await browser.newContext({ baseURL: server.url })).newPage();
  for (const page of [anybodys, theirs]) {
    for (const path of ["/brochure", "/en/brochure"]) {
      await page.goto(path);
      await settled(page);
      const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
      expect(pdf.match(/\/Type \/Page\b/gu), path).toHaveLength(2);
      await page.setViewportSize({ width: 700, height: 1000 }); // what is left of A4 within its margins
      await page.emulateMedia({ media: "print" });
      for (const sheet of await page.locator(".a4").all()) {
        const [inside, room] = await sheet.evaluate((element) => [element.scrollHeight, element.clientHeight]);
        expect(inside, `${path} lies within its sheet`).toBeLessThanOrEqual(room);
      }
      await page.emulateMedia({ media: null });
    }
  }
  await expect(theirs.getByText("08-465 004 00")).toBeVisible();
  await theirs.context().close();
  await server.end();
});

test("on paper every question has its answer", async ({ page }) => {
  await page.goto("/faq");
  await page.emulateMedia({ media: "print" });
  for (const answer of await page.locator(".fold__body").all()) expect((await answer.boundingBox())?.height ?? 0).toBeGreaterThan(20);
});

test("on a phone the menu is at the edge, and each of its links is as large as a finger", async ({ page }) => {
  await page.goto("/faq");
  const button = page.locator(".site__menu summary");
  const { x, width } = (await button.boundingBox()) ?? { x: 0, width: 0 };
  expect(390 - (x + width)).toBeLessThan(24);
  await button.click();
  const links = page.locator(".site__menu nav a");
  await expect(links).toHaveCount(6);
  let below = 0;
  for (const link of await links.all()) {
    const box = (await link.boundingBox()) ?? { y: 0, height: 0 };
    expect(box.height).toBeGreaterThanOrEqual(44);
    expect(box.y, "one below the other").toBeGreaterThanOrEqual(below);
    below = box.y + box.height;
  }
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("a quick guide is a press away from what it is about, and the page stays as it is", async ({ visit, server, m }) => {
  const annas = await visit(await server.person("anna"));
  await annas.goto("/settings/identity");
  const opened = annas.context().waitForEvent("page");
  await annas.getByRole("link", { name: m("guide.two_factor") }).click();
  const page = await opened;
  await expect(page).toHaveURL("/guides/two-factor");
  await expect(page.locator(".guide-step")).toHaveCount(8);
  await expect(annas).toHaveURL("/settings/identity");
});
