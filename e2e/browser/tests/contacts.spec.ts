// Who is a contact, what the owner says of them, and how they are forgotten.
import { fromMenu, isPhone, problem } from "../house/entering.ts";
import { expect, type Locator, type Page, test } from "../house/test.ts";
import { NOT_THERE } from "../house/watch.ts";
import type { Words } from "../house/words.ts";
import { goTo, open, readers, row, text, toast } from "../house/writing.ts";

/** By the menu of the mailbox, the way the width has it. */
async function goToContacts(page: Page, m: Words): Promise<void> {
  if (isPhone(page)) await fromMenu(page, m("contacts.title"), m);
  else await page.getByRole("navigation", { name: m("nav.folders") }).getByRole("link", { name: m("contacts.title") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("contacts.title") })).toBeFocused();
}

function contacts(page: Page, m: Words): Locator {
  return page.getByRole("list", { name: m("contacts.title") }).getByRole("listitem");
}

async function describe(page: Page, { name, phone, note }: { name?: string; phone?: string; note?: string }, m: Words): Promise<void> {
  if (name !== undefined) await page.getByLabel(m("contact.name"), { exact: true }).fill(name);
  if (phone !== undefined) await page.getByLabel(m("contact.phone"), { exact: true }).fill(phone);
  if (note !== undefined) await page.getByLabel(m("contact.note"), { exact: true }).fill(note);
}

async function save(page: Page, m: Words): Promise<void> {
  await page.getByRole("button", { name: m("contact.save"), exact: true }).click();
  await expect(page.getByText(m("contact.saved"), { exact: true }).first()).toBeAttached();
}

test("somebody without a mailbox is added by hand, stays, and is found by the name one gave them", async ({ visit, newcomer, m, watch }) => {
  watch.expect(NOT_THERE);
  const page = await visit(await newcomer("Gun Berg"));
  await goToContacts(page, m);
  await page.getByRole("link", { name: m("contacts.add") }).click();
  await page.getByRole("button", { name: m("contact.add"), exact: true }).click();
  await expect(page.getByLabel(m("address.label"))).toBeFocused();
  await expect(problem(page)).toContainText(m("contact.address_missing"));
  await page.getByLabel(m("address.label")).fill("Ake.Oster@demo.example");
  await describe(page, { name: "Åke Öster", phone: "070-174 06 12", note: "Granne\nHar nyckel till huset" }, m);
  await expect(page.getByRole("status").filter({ hasText: "+46\u00a070\u2011174\u00a006\u00a012" })).toBeVisible();
  await page.getByRole("button", { name: m("contact.add"), exact: true }).click();

  await expect(page.getByRole("heading", { level: 1, name: "Åke Öster" })).toBeVisible();
  await expect(page).toHaveURL(/\/contacts#ake\.oster%40demo\.example$/);
  await expect(page.getByText(m("key.unmet"), { exact: true })).toBeVisible();
  await expect(page.getByText(m("contact.unmet"))).toBeVisible();
  await page.reload();
  await expect(page.getByLabel(m("contact.note"), { exact: true })).toHaveValue("Granne\nHar nyckel till huset");
  await expect(page.getByLabel(m("contact.phone"), { exact: true })).toHaveValue("+46\u00a070\u2011174\u00a006\u00a012");

  await page.getByRole("link", { name: m("contact.all") }).click();
  const search = page.getByRole("searchbox", { name: m("contacts.search") });
  for (const [sought, count] of [["oster", 1], ["åke", 1], ["demo", 1], ["ster", 0]] as const) {
    await search.fill(sought);
    await expect(contacts(page, m), sought).toHaveCount(count);
  }
  await expect(page.getByText(m("contacts.none_found"))).toBeVisible();
});

test("what was typed wrongly is said beside its field, and is not lost", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], subject: "Trappan", text: "Hej" });
  const page = await visit(gun);
  await open(page, "Trappan");
  await page.goto(`/contacts#${per.address}`);
  await describe(page, { name: "Per i uppgång B", phone: "070", note: "ö".repeat(501) }, m);
  await page.getByRole("button", { name: m("contact.save"), exact: true }).click();
  await expect(page.getByLabel(m("contact.phone"), { exact: true })).toBeFocused();
  await expect(problem(page)).toContainText(m("problem.not_a_phone_number"));
  await describe(page, { phone: "" }, m);
  await page.getByRole("button", { name: m("contact.save"), exact: true }).click();
  await expect(problem(page)).toContainText(m("problem.not_a_note"));
  await describe(page, { note: "ö".repeat(500) }, m);
  await save(page, m);
  // What is typed and not saved is saved as one goes elsewhere.
  await describe(page, { name: "Per i uppgång C" }, m);
  await page.getByRole("link", { name: m("contact.all") }).click();
  await page.reload();
  await expect(contacts(page, m)).toContainText("Per i uppgång C");
});

test("what the owner calls a contact stands in list, letter and suggestions, and the claim on the contact's page", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], subject: "Trappan", text: "Hej" });
  const page = await visit(gun);
  await open(page, "Trappan");
  await expect(text(page)).toContainText("Per Ek");
  await page.goto(`/contacts#${per.address}`);
  await expect(page.getByRole("heading", { level: 1, name: "Per Ek" })).toBeVisible();
  await describe(page, { name: "Vaktmästaren" }, m);
  await save(page, m);
  await expect(page.getByRole("heading", { level: 1, name: "Vaktmästaren" })).toBeVisible();
  await expect(page.getByText(m("contact.claims", { name: "Per Ek" }))).toBeVisible();

  await page.goto("/mail/inbox");
  await expect(row(page, "Trappan")).toContainText("Vaktmästaren");
  await open(page, "Trappan");
  await expect(text(page)).toContainText("Vaktmästaren");
  await page.goto("/mail/write");
  await page.getByRole("combobox", { name: m("write.to") }).fill("vaktm");
  await page.getByRole("option", { name: "Vaktmästaren" }).click();
  await expect(readers(page, m)).toContainText("Vaktmästaren");

  await page.goto(`/contacts#${per.address}`);
  await page.getByRole("link", { name: m("contact.write") }).click();
  await expect(readers(page, m)).toContainText("Vaktmästaren");
});

test("a contact is forgotten on every device, after a question that says what goes, and the letters stay", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], subject: "Trappan", text: "Hej" });
  const page = await visit(gun);
  await open(page, "Trappan");
  await page.goto(`/compare#${per.address}`);
  await page.getByRole("button", { name: m("compare.match"), exact: true }).click();
  await expect(page.getByText(m("compare.done.text"))).toBeVisible();
  await page.goto(`/contacts#${per.address}`);
  await describe(page, { name: "Vaktmästaren" }, m);
  await save(page, m);
  const other = await visit(gun);
  await goToContacts(other, m);
  await expect(contacts(other, m)).toContainText("Vaktmästaren");

  await page.getByRole("button", { name: m("forget.begin") }).click();
  const question = page.getByRole("alertdialog");
  await expect(question).toContainText(m("forget.compared"));
  const keep = question.getByRole("button", { name: m("forget.keep") });
  await expect(keep).toBeFocused();
  await keep.click();
  await expect(page.getByRole("heading", { level: 1, name: "Vaktmästaren" })).toBeVisible();
  await page.getByRole("button", { name: m("forget.begin") }).click();
  await question.getByRole("button", { name: m("forget.act"), exact: true }).click();
  await expect(toast(page, m)).toContainText(m("forget.done", { who: "Vaktmästaren" }));
  await expect(page.getByText(m("contacts.empty"))).toBeVisible();

  await other.reload();
  await expect(other.getByText(m("contacts.empty"))).toBeVisible();
  await goTo(page, "inbox", m);
  await expect(row(page, "Trappan")).not.toContainText("Vaktmästaren");
  await open(page, "Trappan");
  await expect(text(page)).toContainText("Hej");
  await goToContacts(page, m);
  await expect(contacts(page, m)).toContainText(m("key.known"));
});
