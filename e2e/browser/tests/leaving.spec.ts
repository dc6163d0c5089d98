// A page that is closed, left alone, shared or without a network: what it still does, and what it no longer shows.
import { enter, fromMenu, inMailbox, isPhone, network, problem, prove, signIn, signOut, unlock } from "../house/entering.ts";
import { expect, test } from "../house/test.ts";
import { NO_NETWORK, REFUSED } from "../house/watch.ts";
import { DIARY, goTo, open, row, toast, write } from "../house/writing.ts";

test.describe("a letter that was sent", () => {
  test("goes out though its page is closed at once", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await write(guns, { to: [per.address], ...DIARY }, m);
    const posted = guns.waitForResponse((response) => response.url().endsWith("/api/v1/letters") && response.ok());
    await guns.getByRole("button", { name: m("write.send") }).click();
    await posted;
    await guns.context().close();
    expect(await per.terminal.list()).toEqual([]); // it could still be undone
    await expect.poll(() => per.terminal.list(), { timeout: 45_000 }).toHaveLength(1);
  });

  test("is promised only once this browser knows of it, and the next page that is opened in it does too", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await guns.context().route("**/api/v1/letters", () => undefined); // neither answered nor refused
    await write(guns, { to: [per.address], ...DIARY }, m);
    await guns.getByRole("button", { name: m("write.send") }).click();
    await expect(toast(guns, m)).toContainText(m("outbox.held"));
    const later = await guns.context().newPage();
    await guns.close();
    await later.goto("/mail/drafts");
    await expect(row(later, DIARY.subject)).toContainText(m("tag.waiting"));
  });

  test("without a network goes out from a page that was opened later", async ({ visit, newcomer, m, watch }) => {
    watch.expect(NO_NETWORK);
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await write(guns, { to: [per.address], ...DIARY }, m);
    await expect(guns.getByText(m("write.saved", { time: "" }).trim())).toBeVisible();
    await network(guns, false);
    await guns.getByRole("button", { name: m("write.send") }).click();
    await guns.getByRole("button", { name: m("outbox.now") }).click();
    await goTo(guns, "sent", m);
    await expect(guns.getByText(m("tag.waiting"), { exact: true })).toBeVisible();
    const later = await guns.context().newPage();
    await guns.close();
    await network(later, true);
    await later.goto("/mail/inbox");
    await inMailbox(later, m);
    await expect.poll(() => per.terminal.list()).toHaveLength(1);
    await goTo(later, "drafts", m);
    await expect(later.getByText(m("empty.drafts"), { exact: true })).toBeVisible();
  });

  test("is taken back among those that were sent, and goes out once when it is sent again", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await write(guns, { to: [per.address], ...DIARY }, m);
    await guns.getByRole("button", { name: m("write.send") }).click();
    await expect(toast(guns, m)).toBeVisible();
    await goTo(guns, "sent", m);
    await expect(row(guns, DIARY.subject)).toContainText(m("tag.sending"));
    expect(await per.terminal.list()).toEqual([]);
    await row(guns, DIARY.subject).click();
    await guns.getByRole("button", { name: m("letter.take_back") }).click();
    await expect(guns.getByRole("textbox", { name: m("write.text") })).toBeVisible();
    await guns.getByRole("textbox", { name: m("write.text") }).fill("Kära dagbok,\n\nnu skiner solen.");
    await guns.getByRole("button", { name: m("write.send") }).click();
    await guns.getByRole("button", { name: m("outbox.now") }).click();
    await expect.poll(() => per.terminal.list()).toHaveLength(1);
    const [letter] = await per.terminal.list();
    expect((await per.terminal.read(letter?.id ?? "")).text).toContain("nu skiner solen");
  });
});

test("a letter that is sent and thrown away with two fingers at once is sent", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  await write(guns, { to: [per.address], ...DIARY }, m);
  const both = [guns.getByRole("button", { name: m("write.send") }), guns.getByRole("button", { name: m("write.discard") })];
  const [sends, discards] = await Promise.all(both.map((button) => button.elementHandle()));
  await guns.evaluate(([first, second]) => {
    for (const button of [first, second]) (button as HTMLElement).click();
  }, [sends, discards]);
  await guns.getByRole("button", { name: m("outbox.now") }).click();
  await expect.poll(() => per.terminal.list()).toHaveLength(1);
  await goTo(guns, "drafts", m);
  await expect(guns.getByText(m("empty.drafts"), { exact: true })).toBeVisible();
});

test("an answer that was begun with a network is kept without one", async ({ page, server, newcomer, m, watch }) => {
  watch.expect(NO_NETWORK);
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], subject: "Hur är det?", text: "Skriv när du hinner." });
  await signIn(page, server, gun, m);
  await open(page, "Hur är det?");
  await page.getByRole("link", { name: m("letter.answer_name", { name: per.name }) }).or(page.getByRole("link", { name: m("letter.answer"), exact: true })).first().click();
  await expect(page.getByRole("textbox", { name: m("write.text") })).toBeVisible();
  await network(page, false);
  await page.getByRole("textbox", { name: m("write.text") }).fill("Bra, tack.");
  await expect(page.getByText(m("write.saved", { time: "" }).trim())).toBeVisible();
  await page.goto("about:blank").catch(() => undefined);
  await network(page, true);
  await page.goto("/mail/drafts");
  await row(page, "Hur är det?").click();
  await expect(page.getByRole("textbox", { name: m("write.text") })).toHaveValue("Bra, tack.");
});

test("a draft that was sent elsewhere is another draft when one goes on writing, and every device still opens", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const [here, there] = [await visit(gun), await visit(gun)];
  await write(here, { to: [per.address], ...DIARY }, m);
  const text = here.getByRole("textbox", { name: m("write.text") });
  await expect(here).toHaveURL(/#[0-9a-f-]{36}$/);
  await text.fill("En rad till, så att det blir en andra version.");
  await goTo(there, "drafts", m);
  await expect(row(there, DIARY.subject)).toContainText("En rad till");
  await row(there, DIARY.subject).click();
  await there.getByRole("button", { name: m("write.send") }).click();
  await there.getByRole("button", { name: m("outbox.now") }).click();
  await expect.poll(() => per.terminal.list()).toHaveLength(1);

  const before = here.url();
  await text.fill("Och en till.");
  await expect(here).not.toHaveURL(before);
  for (const page of [here, there]) {
    await page.reload();
    await page.goto("/mail/drafts");
    await expect(row(page, DIARY.subject)).toContainText("Och en till.");
  }
});

test.describe("a page that was left alone", () => {
  test("locks before it takes a key, however long it slept", async ({ page, server, newcomer, m }) => {
    const gun = await newcomer("Gun Berg");
    await page.clock.install();
    await signIn(page, server, gun, m);
    await page.clock.setSystemTime(Date.now() + 16 * 60_000); // no timer ran meanwhile
    await page.keyboard.press("Shift");
    await expect(page.getByRole("heading", { level: 1, name: m("locked.title") })).toBeVisible();
    await expect(page.getByRole("navigation")).toHaveCount(0);
  });

  test("leads to signing in when its session ran out behind the lock", async ({ page, context, server, newcomer, m, watch }) => {
    watch.expect(REFUSED);
    const gun = await newcomer("Gun Berg");
    await signIn(page, server, gun, m);
    await fromMenu(page, m("app.lock"), m);
    await expect(page.getByRole("heading", { level: 1, name: m("locked.title") })).toBeVisible();
    await context.clearCookies();
    await unlock(page, gun.password, m);
    await expect(page.getByText(m("sign_in.ended"))).toBeVisible();
    await enter(page, server, gun, m);
    await inMailbox(page, m);
  });
});

test("a Worker that breaks takes its keys with it, and the password opens the mailbox again", async ({ page, server, newcomer, m, watch }) => {
  watch.expect(/out of memory/);
  const gun = await newcomer("Gun Berg");
  await signIn(page, server, gun, m);
  const mailbox = page.workers().find((worker) => worker.url().includes("mailbox_worker"));
  await mailbox?.evaluate(() => setTimeout(() => { throw new Error("out of memory"); }));
  await expect(page.getByRole("heading", { level: 1, name: m("locked.title") })).toBeVisible();
  await expect(page.getByText(m("locked.broken"))).toBeVisible();
  await expect.poll(() => page.workers().length).toBe(0);
  await unlock(page, gun.password, m);
  await inMailbox(page, m);
});

test("a refused sign-out goes on following the mailbox", async ({ visit, newcomer, m, watch }) => {
  watch.expect(NO_NETWORK);
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  await write(guns, { to: [per.address], ...DIARY }, m);
  await network(guns, false);
  await guns.getByRole("textbox", { name: m("write.text") }).fill("Skrivet utan nät");
  await guns.getByRole("link", { name: m("write.close") }).click();
  await fromMenu(guns, m("app.sign_out"), m);
  await guns.getByRole("alertdialog").getByRole("button", { name: m("leave.stay") }).click();
  await network(guns, true);
  await per.terminal.send({ to: [gun.address], subject: "Efteråt", text: "Hej" });
  await expect(row(guns, "Efteråt")).toBeVisible();
});

test("whoever signs out without a network leaves a clean device, and is told of the session", async ({ page, server, newcomer, m, watch }) => {
  watch.expect(NO_NETWORK);
  const gun = await newcomer("Gun Berg");
  await signIn(page, server, gun, m);
  await network(page, false);
  await fromMenu(page, m("app.sign_out"), m);
  await expect(page.getByText(m("sign_in.lives_on"))).toBeVisible();
  await network(page, true);
  await page.reload();
  await expect(page).toHaveURL("/sign-in");
});

test.describe("two people at one browser", () => {
  test("do not sign in beside each other", async ({ page, context, server, newcomer, m, watch }) => {
    watch.expect(REFUSED);
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await page.goto("/sign-in");
    const other = await context.newPage();
    await signIn(other, server, gun, m);
    await prove(page, per, m);
    await expect(problem(page)).toContainText(m("problem.somebody_else"));
    await inMailbox(other, m);
  });

  test("do not get each other's places", async ({ page, server, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await per.terminal.send({ to: [gun.address], subject: "Till Gun", text: "Bara till Gun" });
    await signIn(page, server, gun, m);
    await open(page, "Till Gun");
    await signOut(page, m);
    // To where Gun's letter was open. On a phone one had to go back from it to sign out.
    await (isPhone(page) ? page.goForward() : page.goBack());
    await expect(page).toHaveURL("/sign-in");
    await enter(page, server, per, m);
    await inMailbox(page, m);
    await expect(page).toHaveURL("/mail/inbox");
  });
});

test("a wrong password, signing out and signing in again work from one locked page", async ({ page, server, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  await signIn(page, server, gun, m);
  await fromMenu(page, m("app.lock"), m);
  await unlock(page, "inte det rätta alls", m);
  await expect(problem(page)).toContainText(m("locked.wrong"));
  await page.getByRole("button", { name: m("app.sign_out") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("title.sign_in") })).toBeVisible();
  await enter(page, server, gun, m);
  await inMailbox(page, m);
});

test("wrong passwords at a locked page are one event that their owner reads", async ({ page, server, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  await signIn(page, server, gun, m);
  await fromMenu(page, m("app.lock"), m);
  for (const wrong of ["inte det rätta alls", "inte det heller"]) {
    const told = page.context().waitForEvent("response", (response) => response.url().endsWith("/sessions/current/unlock"));
    await unlock(page, wrong, m);
    expect((await told).status()).toBe(403);
    await expect(problem(page)).toContainText(m("locked.wrong"));
  }
  await unlock(page, gun.password, m);
  await inMailbox(page, m);
  await page.goto("/settings/sessions");
  const events = page.getByRole("list", { name: m("events.title") }).getByRole("listitem");
  await expect(events.filter({ hasText: m("events.unlock_failed") })).toHaveCount(1);
});
