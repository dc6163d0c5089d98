// Anybody writes to a member by their public page, and comes back by the link that they kept (PROTOCOL §5).
import { enterCode, problem } from "../house/entering.ts";
import { clean } from "../house/guests.ts";
import { tabTo } from "../house/keyboard.ts";
import { Server } from "../house/server.ts";
import { Terminal } from "../house/terminal.ts";
import { expect, type Newcomer, type Page, test } from "../house/test.ts";
import { NOT_THERE, REFUSED } from "../house/watch.ts";
import type { Words } from "../house/words.ts";

const TITLE = "Ljunggårdens vårdcentral";
const TEXT = "Jag har tagit tabletterna i en vecka.\nSka jag sluta?";

let pages = 0;

/** Somebody who has opened a page: where it is. */
async function opened(person: Newcomer): Promise<string> {
  const name = `sida-${process.pid}-${pages++}`;
  await person.terminal.openPage(name, TITLE);
  return `/to/${name}`;
}

async function fill(page: Page, m: Words, typed: { name?: string; subject?: string; text?: string; email?: string } = {}): Promise<void> {
  const { name = "Eva Ek", subject = "Järntabletter", text = TEXT, email = "" } = typed;
  await page.getByLabel(m("to.name"), { exact: true }).fill(name);
  await page.getByLabel(m("to.subject"), { exact: true }).fill(subject);
  await page.getByLabel(m("to.text"), { exact: true }).fill(text);
  await page.getByLabel(m("to.email"), { exact: true }).fill(email);
}

const shown = (page: Page, m: Words) => expect(page.getByRole("heading", { level: 1, name: m("to.title", { title: TITLE }) })).toBeVisible();

/** The link that the page shows once the letter went out. */
async function link(page: Page, m: Words): Promise<string> {
  await expect(page.getByRole("heading", { level: 1, name: m("to.keep") })).toBeVisible();
  return await page.getByText(/\/l#[\w-]{48}$/).innerText();
}

test("who has no mailbox writes, keeps the link, and reads the answer by it", async ({ page, visit, newcomer, m }) => {
  const anna = await newcomer("Anna Berg");
  await page.goto(await opened(anna));
  await shown(page, m);
  await clean(page);
  await page.getByRole("button", { name: m("to.send") }).click();
  await expect(problem(page).first(), "name and text are missing").toBeVisible();
  await clean(page);
  await fill(page, m);
  await page.getByRole("button", { name: m("to.send") }).click();
  const kept = await link(page, m);
  await expect(page.getByText(m("to.not_told"))).toBeVisible();
  await clean(page);
  const lies = await page.evaluate(async () => JSON.stringify([await indexedDB.databases(), { ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
  expect(lies, "the link lies nowhere").not.toContain(kept.slice(-48));

  await page.getByRole("button", { name: m("to.done") }).click();
  await expect(problem(page).first(), "not before it is kept").toContainText(m("to.not_saved"));
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: m("guest.save") }).click();
  expect((await download).suggestedFilename()).toBe(m("to.file"));
  await page.getByRole("checkbox", { name: m("to.saved") }).check();
  await page.getByRole("button", { name: m("to.done") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("to.done_title") })).toBeFocused();
  await expect(page.getByText(kept)).toHaveCount(0);

  const [letter] = await anna.terminal.list();
  expect(letter).toMatchObject({ subject: "Järntabletter" });
  expect(await anna.terminal.read(letter?.id ?? "")).toMatchObject({ text: TEXT });

  const later = await visit();
  await later.goto(kept);
  await expect(later.getByRole("heading", { level: 1, name: m("to.shown", { from: anna.address }) })).toBeVisible();
  expect(new URL(later.url()).hash, "the link leaves the address bar at once").toBe("");
  await clean(later);
  await later.getByRole("button", { name: m("to.open") }).click();
  await expect(later.getByText(m("to.no_answer"))).toBeVisible();
  await expect(later.getByText("Ska jag sluta?")).toBeVisible();
  await expect(later.getByText(m("claim.ask"))).toHaveCount(0);
  await clean(later);

  await anna.terminal.send({ to: [letter?.from ?? ""], subject: "Sv: Järntabletter", text: "Sluta inte än.", answers: letter?.id ?? "" });
  await later.goto("/sign-in");
  await later.goto(kept);
  await later.getByRole("button", { name: m("to.open") }).click();
  await expect(later.getByText("Sluta inte än.")).toBeVisible();
  await later.getByRole("button", { name: m("guest.answer", { from: anna.name }) }).click();
  await later.getByLabel(m("guest.your_answer")).fill("Tack!");
  await later.getByRole("button", { name: m("guest.send_answer") }).click();
  await expect(later.getByText(m("to.answered"))).toBeVisible();
  await clean(later);
  expect((await anna.terminal.list())[0]).toMatchObject({ from: letter?.from });
});

test("who proves an address is told of an answer, without the link, and what was typed stays meanwhile", async ({ page, newcomer, stranger, server, m, watch }) => {
  watch.expect(REFUSED);
  const [anna, eva] = [await newcomer("Anna Berg"), stranger("Eva Ek")];
  await page.goto(await opened(anna));
  await shown(page, m);
  await fill(page, m, { email: "eva" });
  await page.getByRole("button", { name: m("to.to_code") }).click();
  await expect(problem(page).first()).toContainText(m("problem.not_an_address"));
  await page.getByLabel(m("to.email"), { exact: true }).fill(eva.address);
  const before = await server.messagesTo(eva.address);
  await page.getByRole("button", { name: m("to.to_code") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("to.code_title") })).toBeVisible();
  await clean(page);
  await page.getByRole("button", { name: m("to.back") }).click();
  await expect(page.getByLabel(m("to.text"), { exact: true })).toHaveValue(TEXT);
  await page.getByRole("button", { name: m("to.to_code") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("to.code_title") })).toBeVisible();
  await enterCode(page, await server.code(eva.address, before + 1), m);
  const kept = await link(page, m);
  await expect(page.getByText(m("to.told", { address: eva.address }))).toBeVisible();
  const [letter] = await anna.terminal.list();
  expect(await anna.terminal.invitations()).toMatchObject([{ link: "with-writer", proved: eva.address }]);
  await anna.terminal.send({ to: [letter?.from ?? ""], subject: "Sv", text: "Sluta inte än." });
  await expect.poll(() => server.newestTo(eva.address)).toMatch(/länken som du sparade|link that you kept/);
  expect(await server.newestTo(eva.address)).not.toContain(kept.slice(-48));
  expect(await server.newestTo(eva.address)).not.toContain("/l#");
});

test("a page that is not there, a cut link and too long a text say what to do", async ({ page, visit, newcomer, m, watch }) => {
  watch.expect(NOT_THERE);
  const anna = await newcomer("Anna Berg");
  for (const nobodys of ["/to/ingen-har-den", "/to/Å", "/to/admin"]) {
    await page.goto(nobodys);
    await expect(page.getByRole("heading", { level: 1, name: m("to.missing") })).toBeVisible();
    await clean(page);
  }
  await page.goto(await opened(anna));
  await shown(page, m);
  await fill(page, m, { text: "å".repeat(10_001) });
  await page.getByRole("button", { name: m("to.send") }).click();
  await expect(problem(page).first()).toBeVisible();
  await expect(page.getByLabel(m("to.text"), { exact: true })).toHaveValue("å".repeat(10_001));
  await fill(page, m, { text: "å".repeat(10_000) });
  await page.getByRole("button", { name: m("to.send") }).click();
  const kept = await link(page, m);
  const later = await visit();
  await later.goto(kept.slice(0, -4));
  await expect(problem(later).first()).toContainText(m("problem.link_cut"));
});

test("a page that was closed while somebody wrote takes nothing, and keeps what was typed", async ({ page, newcomer, m, watch }) => {
  watch.expect(NOT_THERE);
  const anna = await newcomer("Anna Berg");
  await page.goto(await opened(anna));
  await shown(page, m);
  await fill(page, m);
  await page.getByRole("button", { name: m("to.send") }).click();
  await link(page, m);
  await page.getByRole("checkbox", { name: m("to.saved") }).check();
  await page.getByRole("button", { name: m("to.done") }).click();
  const other = await opened(anna);
  await page.goto(other);
  await shown(page, m);
  await fill(page, m);
  await page.getByLabel(m("to.email"), { exact: true }).fill("eva@demo.example");
  await page.getByRole("button", { name: m("to.to_code") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("to.code_title") })).toBeVisible();
  await page.getByRole("button", { name: m("to.back") }).click();
  await page.getByLabel(m("to.email"), { exact: true }).fill("");
  await anna.terminal.closePage();
  await page.getByRole("button", { name: m("to.send") }).click();
  await expect(page.getByText(m("to.closed"))).toBeVisible();
  await expect(page.getByLabel(m("to.text"), { exact: true })).toHaveValue(TEXT);
  await clean(page);
});

test("a page that was closed before anything was sent keeps what was typed", async ({ page, newcomer, m, watch }) => {
  watch.expect(NOT_THERE);
  const anna = await newcomer("Anna Berg");
  await page.goto(await opened(anna));
  await shown(page, m);
  await fill(page, m);
  await anna.terminal.closePage();
  await page.getByRole("button", { name: m("to.send") }).click();
  await expect(page.getByText(m("to.closed"))).toBeVisible();
  await expect(page.getByLabel(m("to.text"), { exact: true })).toHaveValue(TEXT);
});

test("a page that has become somebody else's gets nothing unasked", async ({ page, newcomer, m }) => {
  const [anna, bo] = [await newcomer("Anna Berg"), await newcomer("Bo Ek")];
  const path = await opened(anna);
  await page.goto(path);
  await shown(page, m);
  await fill(page, m);
  await anna.terminal.closePage();
  await bo.terminal.openPage(path.slice("/to/".length), "Bo Ek");
  await page.getByRole("button", { name: m("to.send") }).click();
  await expect(page.getByText(m("to.anothers", { title: "Bo Ek" }))).toBeVisible();
  await clean(page);
  expect(await bo.terminal.list()).toEqual([]);
  await expect(page.getByLabel(m("to.text"), { exact: true })).toHaveValue(TEXT);
});

test("the owner opens the page in the settings, sees who wrote among the links, and takes all of it back", async ({ page, visit, newcomer, m, watch }) => {
  const gun = await newcomer("Gun Berg");
  const guns = await visit(gun);
  await guns.goto("/settings/account");
  await expect(guns.getByText(m("own_page.none"))).toBeVisible();
  await guns.getByLabel(m("own_page.name"), { exact: true }).fill("admin");
  await guns.getByLabel(m("own_page.heading"), { exact: true }).fill(TITLE);
  await guns.getByRole("button", { name: m("own_page.put") }).click();
  await expect(problem(guns).first()).toContainText(m("problem.not_a_page_name_for_you"));
  await clean(guns);
  const name = `gun-${process.pid}-${pages++}`;
  await guns.getByLabel(m("own_page.name"), { exact: true }).fill(name);
  await guns.getByRole("button", { name: m("own_page.put") }).click();
  await expect(guns.getByText(`/to/${name}`)).toBeVisible();
  await clean(guns);

  await page.goto(`/to/${name}`);
  await shown(page, m);
  await fill(page, m);
  await page.getByRole("button", { name: m("to.send") }).click();
  const kept = await link(page, m);

  await guns.goto("/contacts/links");
  await expect(guns.getByText(m("links.by_page"), { exact: true })).toBeVisible();
  await expect(guns.getByText("@write.invalid"), "an address that is none is shown nowhere").toHaveCount(0);
  await expect(guns.getByRole("button", { name: m("links.remind") })).toHaveCount(0);
  await clean(guns);
  await guns.goto("/mail/inbox");
  await expect(guns.getByText("Eva Ek").first()).toBeVisible();
  await expect(guns.getByText("@write.invalid")).toHaveCount(0);
  await guns.getByText("Eva Ek").first().click();
  await expect(guns.getByText(m("seal.by_page"))).toBeVisible();
  await clean(guns);

  await guns.goto("/contacts/links");
  await guns.getByRole("button", { name: m("links.withdraw") }).click();
  const dialog = guns.getByRole("alertdialog");
  await dialog.getByRole("button", { name: m("withdraw.do") }).click();
  await expect(guns.getByText(m("links.empty"), { exact: true })).toBeVisible();
  watch.expect(NOT_THERE);
  await page.goto("/sign-in");
  await page.goto(kept);
  await expect(page.getByRole("heading", { level: 1, name: m("guest.over") })).toBeVisible();
});

test("whoever wrote erases all of it by the link, and the owner keeps what they were written", async ({ page, visit, newcomer, m }) => {
  const anna = await newcomer("Anna Berg");
  await page.goto(await opened(anna));
  await shown(page, m);
  await fill(page, m);
  await page.getByRole("button", { name: m("to.send") }).click();
  const later = await visit();
  await later.goto(await link(page, m));
  await later.getByRole("button", { name: m("to.open") }).click();
  await later.getByRole("button", { name: m("to.erase") }).click();
  await later.getByRole("button", { name: m("guest.decline_do") }).click();
  await expect(later.getByText(m("to.erased_text", { from: anna.address }))).toBeVisible();
  await clean(later);
  expect(await anna.terminal.invitations()).toEqual([]);
  expect(await anna.terminal.list()).toMatchObject([{ subject: "Järntabletter" }]);
});

test("where the operator asks for it, a browser computes before it sends", async ({ visit, stranger, m }) => {
  const server = await Server.start({ PUBLIC_PAGES__WORK_BITS: "12" });
  try {
    const person = stranger("Anna Berg");
    const { terminal } = await Terminal.registered(server, person);
    await terminal.openPage("anna", TITLE);
    const page = await visit();
    await page.goto(`${server.url}/to/anna`);
    await shown(page, m);
    await fill(page, m);
    await page.getByRole("button", { name: m("to.send") }).click();
    await link(page, m);
    const bare = await fetch(`${server.url}/api/v1/pages/anna`).then((answer) => answer.json());
    expect(bare).toMatchObject({ work: { bits: 12 } });
  } finally {
    await server.end();
  }
});

test("a keyboard alone writes", async ({ page, newcomer, m }) => {
  const anna = await newcomer("Anna Berg");
  await page.goto(await opened(anna));
  await shown(page, m);
  await tabTo(page, page.getByLabel(m("to.name"), { exact: true }));
  await page.keyboard.type("Eva Ek");
  await tabTo(page, page.getByLabel(m("to.text"), { exact: true }));
  await page.keyboard.type("Hej.");
  await tabTo(page, page.getByRole("button", { name: m("to.send") }));
  await page.keyboard.press("Enter");
  await link(page, m);
  await expect(page.getByRole("heading", { level: 1, name: m("to.keep") })).toBeFocused();
});
