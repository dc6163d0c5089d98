// What a browser shows of the page where the page is not seen: its tab, its icon, its place among programs.
import { ROUTES } from "../../../web/src/app/routes.ts";
import { expect, test } from "../house/test.ts";
import { open } from "../house/writing.ts";

test("the title says how many letters are unread, and nothing of them", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const page = await visit(gun);
  await expect(page).toHaveTitle(`${m("folder.inbox")} – ${m("brand")}`);
  for (const subject of ["Ett", "Två"]) await per.terminal.send({ to: [gun.address], subject, text: "Hej" });
  await expect(page).toHaveTitle(`(2) ${m("folder.inbox")} – ${m("brand")}`);
  await page.goto("/settings/looks");
  await expect(page).toHaveTitle(`(2) ${m("title.settings_looks")} – ${m("brand")}`);
  await page.goto("/mail/inbox");
  await open(page, "Ett");
  await expect(page).toHaveTitle(`(1) ${m("folder.inbox")} – ${m("brand")}`);
});

test("the manifest is one that a browser takes, and its icons are what it says", async ({ page }) => {
  await page.goto("/sign-in");
  const browser = await page.context().newCDPSession(page);
  const { url, errors, data } = await browser.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  const { installabilityErrors } = await browser.send("Page.getInstallabilityErrors");
  expect(installabilityErrors.map(({ errorId }) => errorId)).toEqual(["in-incognito"]); // as every test's browser is
  const manifest = JSON.parse(data ?? "") as { start_url: string; icons: { src: string; sizes: string; type: string }[] };
  expect(ROUTES.map(({ path }) => path)).toContain(manifest.start_url);
  expect(manifest.icons.length).toBeGreaterThan(0);
  for (const { src, sizes, type } of manifest.icons) {
    const icon = await page.request.get(new URL(src, url).href);
    expect(icon.ok(), src).toBe(true);
    expect(icon.headers()["content-type"]).toBe(type);
    if (type === "image/png") {
      const header = await icon.body();
      expect(`${header.readUInt32BE(16)}x${header.readUInt32BE(20)}`).toBe(sizes);
    }
  }
});
