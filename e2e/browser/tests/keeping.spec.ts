// Nothing is lost: what was typed survives undo, lock, reload and a lost network, and a letter goes out once.
import { fromMenu, isPhone, network, problem, signIn, unlock } from "../house/entering.ts";
import { inRed } from "../house/looks.ts";
import { expect, type Page, test } from "../house/test.ts";
import { NO_NETWORK, NOT_THERE } from "../house/watch.ts";
import { DIARY, goTo, open, readers, row, send, toast, write } from "../house/writing.ts";
import type { Words } from "../house/words.ts";

/** What a person needs at least to read what a browser asks. */
const A_MOMENT = 1_000;

async function draftStands(page: Page, address: string, m: Words): Promise<void> {
  await expect(page.getByRole("textbox", { name: m("write.text") })).toHaveValue(DIARY.text);
  await expect(page.getByRole("textbox", { name: m("write.subject") })).toHaveValue(DIARY.subject);
  await expect(readers(page, m)).toContainText(address);
  await expect(readers(page, m)).not.toContainText(m("chip.looking")); // nobody is written to who was not looked up
}

/** The first save names the draft in the page's address. */
async function saved(page: Page, m: Words): Promise<void> {
  await expect(page.getByText(m("write.saved", { time: "" }).trim())).toBeVisible();
  await expect(page).toHaveURL(/\/mail\/write#[0-9a-f-]{36}$/);
}

/** Writes, leaves, and comes back: the list of drafts shows what was saved last. */
async function writeAndSave(page: Page, address: string, m: Words): Promise<void> {
  await write(page, { to: [address], ...DIARY }, m);
  await saved(page, m);
  await page.getByRole("link", { name: m("write.close") }).click();
  await goTo(page, "drafts", m);
  await expect(row(page, DIARY.subject)).toContainText("Kära dagbok");
  await row(page, DIARY.subject).click();
  await draftStands(page, address, m);
}

test.describe("a draft", () => {
  test("is saved while it is written, survives a reload, and stands among the drafts", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await writeAndSave(guns, per.address, m);
    await guns.reload();
    await draftStands(guns, per.address, m);
    await send(guns, m);
    await goTo(guns, "drafts", m);
    await expect(guns.getByText(m("empty.drafts"), { exact: true })).toBeVisible();
  });

  test("survives a lock, and what was not saved yet is saved first", async ({ page, server, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await signIn(page, server, gun, m);
    await write(page, { to: [per.address], ...DIARY, text: "" }, m);
    await saved(page, m);
    await page.getByRole("textbox", { name: m("write.text") }).fill(DIARY.text);
    await fromMenu(page, m("app.lock"), m);
    await unlock(page, gun.password, m);
    if (isPhone(page)) { // its menu stands under the lists
      await goTo(page, "drafts", m);
      await row(page, DIARY.subject).click();
    }
    await draftStands(page, per.address, m);
  });

  test("is on this device at once: no reload and no way back loses a word", async ({ visit, newcomer, m }) => {
    const guns = await visit(await newcomer("Gun Berg"));
    await write(guns, { to: [], subject: "", text: "" }, m);
    const text = guns.getByRole("textbox", { name: m("write.text") });
    await text.pressSequentially("K");
    await expect(guns).toHaveURL(/\/mail\/write#[0-9a-f-]{36}$/);
    await text.pressSequentially("ära dagbok");
    // Within the pause after which a draft is saved. If it is not saved yet, the browser asks: its writer takes a moment to
    // read that, in which it is.
    guns.once("dialog", (asked) => void setTimeout(() => void asked.accept(), A_MOMENT));
    await guns.reload();
    await expect(text).toHaveValue("Kära dagbok");
    await text.press("End");
    await text.pressSequentially(" igen");
    await guns.goBack();
    await guns.goForward();
    await expect(text).toHaveValue("Kära dagbok igen");
  });

  test("that is open in two tabs says so, and that the other one has sent it", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const first = await visit(gun);
    await write(first, { to: [per.address], ...DIARY }, m);
    await saved(first, m);
    const second = await first.context().newPage();
    await second.goto(first.url());
    await draftStands(second, per.address, m);
    await expect(second.getByText(m("elsewhere.open"))).toBeVisible();
    await expect(first.getByText(m("elsewhere.open"))).toHaveCount(0);
    await send(second, m);
    await expect(first.getByText(m("elsewhere.sent"))).toBeVisible();
    await first.getByRole("button", { name: m("write.send") }).click();
    await expect(first).toHaveURL(/\/mail\/write#/);
    expect(await per.terminal.list()).toHaveLength(1);
  });

  test("that is longer than a letter may be says so in numbers, stays here, and goes when it is thrown away", async ({ visit, newcomer, m, watch }) => {
    watch.expect(NOT_THERE); // the server never had the draft
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await write(guns, { to: [per.address], subject: "å".repeat(500), text: "" }, m);
    await expect(guns.getByText(m("error.subject_too_long", { count: 1 }))).toBeVisible();
    const text = guns.getByRole("textbox", { name: m("write.text") });
    const before = Date.now();
    await text.fill("x".repeat(300_000)); // one line
    await expect(guns.getByText(m("write.saved_here"))).toBeVisible();
    expect(Date.now() - before, "it did not freeze").toBeLessThan(5_000);
    await guns.getByRole("button", { name: m("write.send") }).click();
    await expect(problem(guns)).toBeFocused();
    await expect(problem(guns)).toContainText(/50\s000|50,000/);
    await guns.getByRole("button", { name: m("write.discard") }).click();
    await guns.clock.install();
    await guns.clock.fastForward("00:11");
    await goTo(guns, "drafts", m);
    await expect(guns.getByText(m("empty.drafts"), { exact: true })).toBeVisible();
    expect(await per.terminal.list()).toEqual([]);
  });

  test("that was thrown away comes back with every word", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await write(guns, { to: [per.address], ...DIARY }, m);
    await guns.getByRole("button", { name: m("write.discard") }).click();
    await toast(guns, m).getByRole("button", { name: m("action.undo") }).click();
    await draftStands(guns, per.address, m);
  });
});

test.describe("sending", () => {
  test("can be taken back, with every word, before it has happened", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await write(guns, { to: [per.address], ...DIARY }, m);
    await guns.getByRole("button", { name: m("write.send") }).click();
    await expect(toast(guns, m)).toContainText(m("outbox.held"));
    await toast(guns, m).getByRole("button", { name: m("action.undo") }).click();
    await draftStands(guns, per.address, m);
    expect(await per.terminal.list()).toEqual([]);
    await send(guns, m);
    expect(await per.terminal.list()).toHaveLength(1);
  });

  test("happens by itself after ten seconds", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await write(guns, { to: [per.address], ...DIARY }, m);
    await guns.clock.install();
    await guns.getByRole("button", { name: m("write.send") }).click();
    await expect(toast(guns, m)).toContainText(m("outbox.held"));
    await guns.clock.fastForward("00:11");
    await expect.poll(async () => (await per.terminal.list()).length).toBe(1);
  });

  test("waits without a network, and happens once when it is back", async ({ visit, newcomer, m, watch }) => {
    watch.expect(NO_NETWORK);
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await writeAndSave(guns, per.address, m);
    await network(guns, false);
    await expect(guns.getByRole("complementary", { name: m("banner.offline_label") })).toBeVisible();
    await guns.getByRole("button", { name: m("write.send") }).click();
    await guns.getByRole("button", { name: m("outbox.now") }).click();
    await goTo(guns, "sent", m);
    const going = guns.getByRole("list", { name: m("outbox.label") }).getByRole("listitem");
    await expect(going.filter({ hasText: DIARY.subject })).toContainText(m("tag.waiting"));
    expect(await per.terminal.list()).toEqual([]);

    await network(guns, true);
    await expect(guns.getByRole("complementary", { name: m("banner.offline_label") })).toHaveCount(0);
    await expect(row(guns, DIARY.subject)).toBeVisible();
    await expect(going).toHaveCount(0);
    expect(await per.terminal.list()).toHaveLength(1);
    expect(await gun.terminal.list("sent")).toHaveLength(1);
  });

  test("happens once when the server's answer is lost", async ({ visit, newcomer, m, watch }) => {
    watch.expect(NO_NETWORK);
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    let lost = 0;
    await guns.context().route("**/api/v1/letters", async (route) => {
      if (route.request().method() !== "POST" || lost++ > 0) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await write(guns, { to: [per.address], ...DIARY }, m);
    await guns.getByRole("button", { name: m("write.send") }).click();
    await guns.getByRole("button", { name: m("outbox.now") }).click();
    await goTo(guns, "sent", m);
    await expect(row(guns, DIARY.subject)).toHaveCount(1);
    await guns.reload();
    await expect(row(guns, DIARY.subject)).toHaveCount(1);
    await goTo(guns, "drafts", m);
    await expect(guns.getByText(m("empty.drafts"), { exact: true })).toBeVisible();
    expect(await per.terminal.list()).toHaveLength(1);
  });
});

test.describe("without a network", () => {
  test("what was fetched is read, and what is written goes out later, to whoever is known and whoever is not", async ({ visit, newcomer, m, watch }) => {
    watch.expect(NO_NETWORK);
    const [gun, per, eva] = [await newcomer("Gun Berg"), await newcomer("Per Ek"), await newcomer("Eva Ås")];
    await per.terminal.send({ to: [gun.address], subject: "Sparat", text: "Läses också på tåget" });
    await per.terminal.send({ to: [gun.address], subject: "Osett", text: "Läses hemma" });
    const guns = await visit(gun);
    await open(guns, "Sparat");
    await guns.goBack();
    await network(guns, false);
    const banner = guns.getByRole("complementary", { name: m("banner.offline_label") });
    await expect(banner).toContainText(m("banner.offline"));
    await row(guns, "Osett").click();
    await expect(guns.getByRole("button", { name: m("action.retry") })).toBeVisible();
    expect(await inRed(guns)).toEqual([]);
    await guns.goBack();
    await write(guns, { to: [per.address, eva.address], ...DIARY }, m);
    await expect(readers(guns, m).nth(0), "whoever is known is").toContainText(m("key.known"));
    await expect(readers(guns, m).nth(1)).toContainText(m("chip.not_now"));
    await saved(guns, m);
    await guns.getByRole("button", { name: m("write.send") }).click();
    expect(await inRed(guns)).toEqual([]);
    await guns.getByRole("button", { name: m("outbox.now") }).click();
    await goTo(guns, "sent", m);
    await expect(guns.getByRole("list", { name: m("outbox.label") })).toContainText(m("tag.waiting"));
    expect(await inRed(guns)).toEqual([]);
    await network(guns, true);
    await expect(banner).toHaveCount(0);
    for (const reader of [per, eva]) await expect.poll(() => reader.terminal.list()).toHaveLength(1);
  });

  test("signing out asks before it loses what could not be saved", async ({ page, server, newcomer, m, watch }) => {
    watch.expect(NO_NETWORK);
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await signIn(page, server, gun, m);
    await writeAndSave(page, per.address, m);
    await network(page, false);
    await page.getByRole("textbox", { name: m("write.text") }).fill("Mer, och utan nät");
    await page.getByRole("link", { name: m("write.close") }).click();
    await fromMenu(page, m("app.sign_out"), m);
    const asked = page.getByRole("alertdialog", { name: m("leave.title") });
    await expect(asked.getByRole("button", { name: m("leave.stay") })).toBeFocused();
    await page.keyboard.press("Enter");

    await network(page, true);
    await goTo(page, "drafts", m);
    await expect(row(page, DIARY.subject)).toContainText("Mer, och utan nät");
    await expect(row(page, DIARY.subject)).not.toContainText(m("tag.waiting"));
    await fromMenu(page, m("app.sign_out"), m);
    await expect(page).toHaveURL("/sign-in");
  });

  test("a server that was away is noticed when it is back, and so is what came meanwhile", async ({ visit, newcomer, server, m, watch }) => {
    watch.expect(NO_NETWORK);
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    const banner = guns.getByRole("complementary", { name: m("banner.offline_label") });
    await server.stop();
    await expect(banner).toBeVisible();
    await server.again();
    await per.terminal.send({ to: [gun.address], subject: "Under tiden", text: "Hej" });
    await expect(row(guns, "Under tiden")).toBeVisible();
    await expect(banner).toHaveCount(0);
  });
});
