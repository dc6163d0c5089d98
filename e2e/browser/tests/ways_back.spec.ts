// The ways back: paper alone after 72 hours, which whoever is signed in stops, and the link of an announcement too; a passkey; beginning anew.
import { makeCodes } from "../house/authenticator.ts";
import { violations } from "../house/axe.ts";
import { askToRecover, enterCode, inMailbox, keepSheet, problem, prove, register, shownSheet, signOut } from "../house/entering.ts";
import { timeHasCome } from "../house/later.ts";
import { addPasskey, authenticator } from "../house/passkeys.ts";
import { type Newcomer, expect, type Page, test } from "../house/test.ts";
import { NO_NETWORK, NOT_THERE, REFUSED } from "../house/watch.ts";
import type { Words } from "../house/words.ts";

async function clean(page: Page): Promise<void> {
  expect(await violations(page)).toEqual([]);
}

/** Somebody shows both papers, and nothing else. */
async function showPapers(page: Page, gun: Newcomer, code: string, m: Words): Promise<void> {
  await page.goto("/forgotten");
  await askToRecover(page, gun.address, gun.recoveryCode, m);
  await page.getByRole("button", { name: m("choose.one_time_code") }).click();
  await expect(page.getByText(m("wait.both_paper"))).toBeVisible();
  await page.getByLabel(m("code.paper_label")).fill(code);
  await page.getByRole("button", { name: m("action.continue") }).click();
  await expect(page.getByText(m("wait.come_back"))).toBeVisible();
}

/** What the newest announcement leads to. */
function linkIn(text: string): string {
  const link = /\/stop#[\w-]{22}/.exec(text)?.[0];
  if (!link) throw new Error(`no link in: ${text}`);
  return link;
}

test("paper alone waits for 72 hours, is told everywhere, and then makes a new beginning", async ({ page, visit, newcomer, server, m, watch }) => {
  watch.expect(REFUSED, NO_NETWORK);
  const gun = await newcomer("Gun Berg");
  const elsewhere = await visit(gun);
  const codes = await makeCodes(elsewhere, m);
  await elsewhere.goto("/mail/inbox");
  await inMailbox(elsewhere, m);
  await showPapers(page, gun, codes[0] ?? "", m);
  await clean(page);
  await expect.poll(() => server.newestTo(gun.phone)).toMatch(/\/stop#/);
  await expect(elsewhere.getByText(m("wait.somebody"))).toBeVisible();
  await clean(elsewhere);
  await elsewhere.getByRole("button", { name: m("wait.it_is_me") }).click();
  await expect(elsewhere.getByText(m("wait.somebody"))).toHaveCount(0);

  // Too early, and without a code being sent to anybody.
  const sent = await server.messagesTo(gun.phone);
  await page.goto("/forgotten");
  await askToRecover(page, gun.address, gun.recoveryCode, m);
  await expect(page.getByText(m("wait.come_back"))).toBeVisible();
  expect(await server.messagesTo(gun.phone)).toBe(sent);

  await timeHasCome(server);
  await page.goto("/forgotten");
  await askToRecover(page, gun.address, gun.recoveryCode, m);
  await expect(page.getByText(m("wait.is_over"))).toBeVisible();
  await clean(page);
  await page.getByLabel(m("code.paper_label")).fill(codes[0] ?? ""); // the same as then
  await page.getByRole("button", { name: m("action.continue") }).click();
  await page.getByLabel(m("new_password.label"), { exact: true }).fill("en helt ny rad med ord");
  await page.getByRole("button", { name: m("forgotten.change") }).click();
  expect(await shownSheet(page, m("forgotten.sheet_title"))).not.toBe(gun.recoveryCode);
  await keepSheet(page, m);
  await expect(page.getByText(m("codes.left_sentence", { count: 0 }))).toBeVisible();
  await clean(page);
});

test("whoever is signed in stops it on any page, and is asked for new papers", async ({ page, visit, newcomer, server, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  const hers = await visit(gun);
  const codes = await makeCodes(hers, m);
  await hers.goto("/contacts");
  await showPapers(page, gun, codes[0] ?? "", m);
  await expect(hers.getByText(m("wait.somebody"))).toBeVisible();
  await hers.getByRole("button", { name: m("wait.stop"), exact: true }).click();
  await expect(problem(hers).first()).toContainText(m("stop.tick"));
  await clean(hers);
  await hers.getByRole("checkbox", { name: m("stop.not_mine") }).check();
  await hers.getByRole("button", { name: m("wait.stop"), exact: true }).click();
  await expect(hers.getByText(m("wait.stopped"))).toBeVisible();
  await clean(hers);
  await page.goto("/forgotten");
  await askToRecover(page, gun.address, gun.recoveryCode, m);
  await expect(problem(page)).toContainText(m("forgotten.refused_do"));
  await hers.goto("/mail/inbox");
  await signOut(hers, m);
  await prove(hers, gun, m);
  const before = await server.messagesTo(gun.phone);
  await hers.getByRole("button", { name: m("choose.phone", { ends: gun.phone.slice(-2) }) }).click();
  await enterCode(hers, await server.code(gun.phone, before), m);
  await expect(hers.getByRole("heading", { level: 1, name: m("owed.title") })).toBeVisible();
});

test("the link of an announcement stops it after a tick, and not by being opened or pressed", async ({ page, visit, newcomer, server, m, watch }) => {
  watch.expect(NOT_THERE);
  const gun = await newcomer("Gun Berg");
  const hers = await visit(gun);
  const codes = await makeCodes(hers, m);
  await showPapers(page, gun, codes[0] ?? "", m);
  await expect.poll(() => server.newestTo(gun.address)).toMatch(/\/stop#/);
  const link = linkIn(await server.newestTo(gun.address));
  const reader = await visit();
  await reader.goto(link);
  await expect(reader.getByRole("button", { name: m("wait.stop") })).toBeVisible();
  await clean(reader);
  await reader.getByRole("button", { name: m("wait.stop") }).click();
  await expect(problem(reader).first()).toContainText(m("stop.tick"));
  await expect(hers.getByText(m("wait.somebody"))).toBeVisible();
  await reader.getByRole("checkbox", { name: m("stop.not_mine") }).check();
  await reader.getByRole("button", { name: m("wait.stop") }).click();
  await expect(reader.getByRole("heading", { level: 1, name: m("wait.stopped") })).toBeVisible();
  await clean(reader);
  await expect(hers.getByText(m("wait.somebody"))).toHaveCount(0);
  await reader.reload();
  await expect(problem(reader).first()).toContainText(m("stop.over"));
});

test("a passkey that opens the mailbox takes the place of the forgotten password and of the sheet", async ({ visit, newcomer, m }) => {
  const gun = await newcomer("Gun Berg");
  const page = await visit(gun);
  await authenticator(page, { prf: true });
  await addPasskey(page, "Guns telefon", m);
  await page.getByRole("button", { name: m("passkey.done") }).click();
  await page.goto("/mail/inbox");
  await signOut(page, m);
  await page.goto("/forgotten");
  await clean(page);
  await page.getByRole("button", { name: m("passkey.use") }).click();
  const field = page.getByLabel(m("new_password.label"), { exact: true });
  await expect(field).toBeFocused();
  await field.fill("en helt ny rad med ord");
  await page.getByRole("button", { name: m("change_password.change") }).click();
  await expect(page.getByText(m("change_password.done.title"))).toBeVisible();
  await clean(page);
});

test("who has lost everything begins anew after seven days, unless somebody who is signed in stops it", async ({ page, visit, newcomer, server, m, watch }) => {
  watch.expect(REFUSED, NO_NETWORK);
  const gun = await newcomer("Gun Berg");
  const hers = await visit(gun);
  const ask = async () => {
    await page.goto("/forgotten");
    await page.getByText(m("forgotten.no_sheet")).click();
    await page.getByRole("link", { name: m("title.lost") }).click();
    await expect(page.getByRole("heading", { level: 1, name: m("title.lost") })).toBeVisible();
    await clean(page);
    await page.getByRole("button", { name: m("lost.begin") }).click();
    await page.getByLabel(m("address.label")).fill(gun.address);
    await page.getByRole("checkbox", { name: m("lost.known") }).check();
    await clean(page);
    const before = await server.messagesTo(gun.address);
    await page.getByRole("button", { name: m("register.send_mail") }).click();
    await enterCode(page, await server.code(gun.address, before), m);
    await expect(page.getByRole("heading", { level: 1, name: m("lost.waits") })).toBeVisible();
    await clean(page);
  };
  await ask();
  await expect(hers.getByText(m("removal.somebody"))).toBeVisible();
  await clean(hers);
  await hers.getByRole("button", { name: m("removal.keep") }).click();
  await expect(hers.getByText(m("removal.stopped"))).toBeVisible();

  await ask();
  await timeHasCome(server);
  await expect(hers.getByText(m("sign_in.ended"))).toBeVisible();
  await register(page, server, { ...gun, password: "en helt ny rad med ord" }, m);
});

test("a mailbox is removed by its owner in the settings, and says so on every page", async ({ visit, newcomer, m }) => {
  const page = await visit(await newcomer("Gun Berg"));
  await page.goto("/settings/account");
  await page.getByRole("button", { name: m("removal.title") }).click();
  const asked = page.getByRole("alertdialog", { name: m("removal.sure") });
  await expect(asked.getByRole("button", { name: m("action.cancel") })).toBeFocused();
  await clean(page);
  await asked.getByRole("button", { name: m("removal.do") }).click();
  await expect(page.getByText(m("removal.somebody"))).toBeVisible();
  await clean(page);
  await page.getByRole("button", { name: m("removal.keep") }).click();
  await expect(page.getByText(m("removal.stopped"))).toBeVisible();
  await expect(page.getByRole("button", { name: m("removal.title") }), "it can be asked for anew").toBeVisible();
});
