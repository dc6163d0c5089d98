// New locks for a mailbox that somebody else may have been in: at once, thoroughly, and after an interruption.
import { violations } from "../house/axe.ts";
import { prove, problem, shownSheet, signIn, signOut } from "../house/entering.ts";
import { expect, type Page, test } from "../house/test.ts";
import { REFUSED } from "../house/watch.ts";
import type { Words } from "../house/words.ts";

const OTHER = "nio runda fat vid en sjö";

/** From the page of the renewal to the new sheet. */
async function renew(page: Page, m: Words): Promise<void> {
  await page.getByLabel(m("new_password.label"), { exact: true }).fill(OTHER);
  await page.getByRole("button", { name: m("renewal.change") }).click();
  await expect(page.getByText(m("renewal.sheet_why"))).toBeVisible();
}

async function keep(page: Page, m: Words): Promise<void> {
  await page.getByRole("checkbox", { name: m("sheet.have_it") }).check();
  await page.getByRole("button", { name: m("sheet.open_mailbox") }).click();
}

test("all locks are changed, and the letters open by the new ones only", async ({ visit, newcomer, server, m, watch }) => {
  watch.expect(REFUSED);
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], subject: "Trappan", text: "Den är lagad." });
  await per.terminal.send({ to: [gun.address], subject: "Taket", text: "Det också." });
  const lost = await visit(gun);
  const page = await visit(gun);
  await page.goto("/settings/identity");
  await page.getByRole("link", { name: m("renewal.change") }).click();
  await expect(page.getByRole("heading", { name: m("renewal.title") })).toBeVisible();
  expect(await violations(page)).toEqual([]);

  await page.getByRole("button", { name: m("renewal.change") }).click();
  await expect(problem(page).first()).toContainText(m("password.missing"));
  const password = page.getByLabel(m("new_password.label"), { exact: true });
  await password.fill("sommar2024sommar");
  await page.getByRole("button", { name: m("renewal.change") }).click();
  await expect(problem(page).first()).toContainText(m("strength.known"));
  await renew(page, m);
  await shownSheet(page);
  expect(await violations(page)).toEqual([]);
  await keep(page, m);

  await expect(page.getByRole("heading", { name: m("renewal.done.title") })).toBeVisible();
  await expect(page.getByText(m("renewal.done.letters", { count: 2 }))).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("link", { name: m("renewal.done.devices") }).click();
  await expect(page.getByRole("list", { name: m("sessions.list") }).getByRole("listitem"), "of her own terminal too").toHaveCount(1);
  const events = page.getByRole("list", { name: m("events.title") }).getByRole("listitem");
  await expect(events.filter({ hasText: m("events.keys_renewed") })).toHaveCount(1);
  await expect(lost.getByRole("heading", { level: 1, name: m("title.sign_in") }), "the device that was lost").toBeVisible();

  await per.terminal.send({ to: [gun.address], subject: "Dörren", text: "Nytt lås." });
  await page.goto("/mail/inbox");
  for (const [subject, said] of [["Trappan", "Den är lagad."], ["Dörren", "Nytt lås."]] as const) {
    await page.getByRole("link", { name: subject }).click();
    await expect(page.locator("article[data-pane]")).toContainText(said);
    await page.goBack();
  }
  await page.reload();
  await expect(page.getByRole("link", { name: "Taket" })).toBeVisible();
  await signOut(page, m);
  await prove(page, gun, m);
  await expect(problem(page)).toBeVisible();
  await signIn(page, server, { ...gun, password: OTHER }, m);
  await page.getByRole("link", { name: "Taket" }).click();
  await expect(page.locator("article[data-pane]")).toContainText("Det också.");
});

test("new locks for the letters go on after the page was closed, and the old key goes last, for a proof", async ({ visit, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], subject: "Trappan", text: "Den är lagad." });
  const page = await visit(gun);
  await page.goto("/settings/renewal");
  await page.context().route("**/api/v1/letters/keys", (route) => route.abort());
  await renew(page, m);
  const begun = page.context().waitForEvent("requestfailed", (request) => request.url().endsWith("/letters/keys"));
  await keep(page, m);
  await begun; // that the sheet is kept has been said by then
  await page.goto("about:blank"); // or this page goes on by itself, before the next one is there
  await page.context().unroute("**/api/v1/letters/keys");
  // The server asks who it is before the keyring is replaced.
  const refusal = { type: "/problems/proof-required", title: "Proof", status: 403, offers: [] };
  await page.context().route("**/api/v1/records/*purpose=keyring", (route) => route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify(refusal) }), { times: 1 });
  await page.goto("/mail/inbox");
  await expect(page.getByText(m("renewal.unfinished"))).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("link", { name: m("renewal.finish") }).click();
  await expect(page.getByText(m("renewal.confirm.title"))).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: m("renewal.confirm.do") }).click();
  await expect(page.getByRole("heading", { name: m("renewal.done.title") })).toBeVisible();
  await page.goto("/mail/inbox");
  await page.getByRole("link", { name: "Trappan" }).click();
  await expect(page.locator("article[data-pane]")).toContainText("Den är lagad.");
});

test("a renewal that the server refuses leaves the mailbox open as it was", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], subject: "Trappan", text: "Den är lagad." });
  const page = await visit(gun);
  await page.goto("/settings/renewal");
  const refusal = { type: "/problems/storage-full", title: "Full", status: 507 };
  await page.context().route("**/api/v1/renewal", (route) => route.fulfill({ status: 507, contentType: "application/problem+json", body: JSON.stringify(refusal) }));
  await page.getByLabel(m("new_password.label"), { exact: true }).fill(OTHER);
  await page.getByRole("button", { name: m("renewal.change") }).click();
  await expect(problem(page).first()).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await expect(page.getByLabel(m("new_password.label"), { exact: true }), "what was typed stays").toHaveValue(OTHER);
  await page.goto("/mail/inbox");
  await page.getByRole("link", { name: "Trappan" }).click();
  await expect(page.locator("article[data-pane]")).toContainText("Den är lagad.");
});
