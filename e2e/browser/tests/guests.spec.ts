// A letter to somebody who has an e-mail address and a mobile phone, and nothing else (PROTOCOL §5): from the link to the answer.
import { withoutSiteData } from "../house/chromium.ts";
import { enterCode, fromMenu, inMailbox, keepSheet, problem, shownSheet, signIn, signOut } from "../house/entering.ts";
import { clean, handed, LETTER, open, pressEverything } from "../house/guests.ts";
import { tabTo } from "../house/keyboard.ts";
import { alter, authenticator, outputs, overhear, signInByPasskey } from "../house/passkeys.ts";
import type { Person, Server } from "../house/server.ts";
import { Terminal } from "../house/terminal.ts";
import { expect, type Page, test } from "../house/test.ts";
import { NOT_THERE, REFUSED } from "../house/watch.ts";
import type { Words } from "../house/words.ts";
import { goTo, open as openLetter, readers, row, send, write } from "../house/writing.ts";
import { CLINIC, verifying, Zone } from "../house/zone.ts";

test("who has a link and a phone reads and answers, and nothing of it stays in the browser", async ({ page, newcomer, stranger, server, m }) => {
  const [anna, eva] = [await newcomer("Anna Berg"), stranger("Eva Ek")];
  await page.goto(await handed(anna, eva));
  await expect(page.getByRole("heading", { level: 1, name: m("guest.who", { from: anna.address }) })).toBeVisible();
  expect(new URL(page.url()).hash, "the link leaves the address bar at once").toBe("");
  await expect(page.getByText(LETTER.subject), "who wrote, and never what").toHaveCount(0);
  await clean(page);
  await page.getByRole("button", { name: m("guest.send") }).click();
  await expect(problem(page).first()).toContainText(m("guest.tick"));
  await clean(page);
  await open(page, server, eva, m);
  await expect(page.getByRole("heading", { level: 1, name: LETTER.subject })).toBeFocused();
  await clean(page);

  await page.getByRole("button", { name: m("guest.answer", { from: anna.name }) }).click();
  await page.getByRole("button", { name: m("guest.send_answer") }).click();
  await expect(problem(page).first()).toContainText(m("guest.answer_empty"));
  await page.getByLabel(m("guest.your_answer")).fill("Tack för beskedet!");
  await clean(page);
  await page.getByRole("button", { name: m("guest.send_answer") }).click();
  await expect(page.getByText(m("guest.sent", { from: anna.name }))).toBeVisible();
  await clean(page);
  const [answer] = await anna.terminal.list();
  expect(answer).toMatchObject({ from: eva.address });
  expect(await anna.terminal.read(answer?.id ?? "")).toMatchObject({ text: "Tack för beskedet!", in_reply_to: expect.any(String) });

  const kept = await page.evaluate(async () => JSON.stringify([await indexedDB.databases(), { ...localStorage }, { ...sessionStorage }, document.cookie]));
  expect(kept).not.toContain("securemailbox.session");
  const cached = await page.evaluate(async () => {
    const stores = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
    return stores.flat().map((request) => new URL(request.url).pathname);
  });
  expect(cached.filter((path) => path.startsWith("/api") || path.startsWith("/l"))).toEqual([]);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: m("guest.save") }).last().click();
  expect((await download).suggestedFilename()).toMatch(/\.eml$/);
  await page.getByRole("button", { name: m("guest.close") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("guest.closed") })).toBeVisible();
  await expect(page.getByText("Proverna ser bra ut.")).toHaveCount(0);
  await clean(page);
});

test("the link comes by e-mail, and opens the next letter too", async ({ page, visit, newcomer, stranger, server, m }) => {
  const [anna, eva] = [await newcomer("Anna Berg"), stranger("Eva Ek")];
  expect(await anna.terminal.invite(eva, { ...LETTER, mailed: true })).toBeNull();
  await expect.poll(() => server.newestTo(eva.address)).toMatch(/\/l#[\w-]{48}$/m);
  const link = /\S+\/l#[\w-]{48}/.exec(await server.newestTo(eva.address))?.[0] ?? "";
  await page.goto(link);
  await open(page, server, eva, m);
  await anna.terminal.send({ to: [eva.address], subject: "En sak till", text: "Glöm inte kallelsen." });
  const later = await visit();
  await later.goto(link);
  await open(later, server, eva, m);
  await expect(later.getByRole("heading", { level: 1, name: "En sak till" })).toBeVisible();
  await expect(later.getByRole("heading", { level: 2, name: LETTER.subject })).toBeVisible();
  await clean(later);
});

test("a verified sender is shown by name before any code, and somebody who only calls herself so is not", async ({ page, context, stranger, m }) => {
  const zone = await Zone.open();
  const server = await verifying(zone);
  const [anna, eva] = [stranger("Anna Berg"), stranger("Eva Ek")];
  const impostor = { ...stranger(CLINIC), address: "clinic@demo.example.org" };
  const [annas, impostors] = [await Terminal.registered(server, anna), await Terminal.registered(server, impostor)];

  expect(await annas.terminal.invite(eva, { ...LETTER, mailed: true })).toBeNull();
  await expect.poll(() => server.newestTo(eva.address)).toContain(`${CLINIC} (demo.example)`);
  const mail = await server.newestTo(eva.address);
  expect(mail).toContain(`\n${server.url}/real\n`);
  await page.goto(/\S+\/l#[\w-]{48}/.exec(mail)?.[0] ?? "");
  await expect(page.getByRole("heading", { level: 1, name: m("guest.who", { from: CLINIC }) })).toBeVisible();
  await expect(page.getByText(m("guest.verified"), { exact: true })).toBeVisible();
  await expect(page.getByText(anna.address, { exact: true })).toBeVisible();
  await expect(page.getByText(m("guest.verified_text", { domain: "demo.example" }))).toBeVisible();
  await clean(page);
  await page.getByText(m("guest.real"), { exact: true }).click();
  const real = context.waitForEvent("page");
  await page.getByRole("link", { name: m("guest.real_more") }).click();
  await expect((await real).getByRole("heading", { level: 1, name: m("real.title") })).toBeVisible();
  await expect((await real).getByText(new URL(server.url).host, { exact: true })).toBeVisible();
  await open(page, server, eva, m); // the link is still there

  const link = await impostors.terminal.invite(stranger("Bo Ek"), LETTER);
  await page.goto("about:blank");
  await page.goto(link ?? "");
  await expect(page.getByRole("heading", { level: 1, name: m("guest.who", { from: impostor.address }) })).toBeVisible();
  await expect(page.getByText(m("guest.verified"), { exact: true })).toHaveCount(0);
  await expect(page.getByText(CLINIC)).toHaveCount(0);
  await page.getByText(m("guest.real"), { exact: true }).click();
  await expect(page.getByText(m("guest.unverified", { from: impostor.address }))).toBeVisible();
  await clean(page);

  await annas.terminal.openPage("kliniken", "Kliniken");
  await impostors.terminal.openPage("kliniken-ab", CLINIC);
  await page.goto(`${server.url}/to/kliniken`);
  await expect(page.getByText(m("to.verified"), { exact: true })).toBeVisible();
  await expect(page.getByText(CLINIC, { exact: true })).toBeVisible();
  await clean(page);
  await page.goto(`${server.url}/to/kliniken-ab`);
  await expect(page.getByRole("heading", { level: 1, name: m("to.title", { title: CLINIC }) })).toBeVisible();
  await expect(page.getByText(m("to.verified"), { exact: true }), "a title is what its owner says").toHaveCount(0);
  await server.end();
  zone.close();
});

test("the page that says how to tell names whom our e-mails come from, and does without where it can't ask", async ({ page, m, watch }) => {
  watch.expect(/ERR_FAILED/);
  const asked = "**/api/v1/notices/sender";
  await page.route(asked, (route) => route.fulfill({ json: { address: "no-reply@mail.example.se" } }));
  await page.goto("/real");
  await expect(page.getByText("no-reply@mail.example.se", { exact: true })).toBeVisible();
  await clean(page);
  await page.unroute(asked);
  await page.route(asked, (route) => route.abort());
  await page.reload();
  await expect(page.getByText(m("real.mail_text", { host: new URL(page.url()).host }))).toBeVisible();
  await expect(page.getByText(m("real.mail_from"))).toHaveCount(0);
});

test("a cut link, one that is over and one that was loaded anew say what to do", async ({ page, newcomer, stranger, m, watch }) => {
  watch.expect(NOT_THERE, REFUSED);
  const [anna, eva] = [await newcomer("Anna Berg"), stranger("Eva Ek")];
  const link = await handed(anna, eva);
  await page.goto(link.slice(0, -3));
  await expect(problem(page).first()).toContainText(m("problem.link_cut"));
  await clean(page);
  await page.goto("/sign-in");
  const nobodys = `/l#${"A".repeat(43)}`;
  await page.goto(nobodys);
  await expect(problem(page).first()).toContainText(m("problem.link_cut"));
  await page.goto("/sign-in");
  await page.goto(link);
  await expect(page.getByRole("button", { name: m("guest.send") })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: m("guest.again") })).toBeVisible();
  await clean(page);
});

const IN_APP = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";

test("in the browser of a mail app the letter is read, and the link is there for another browser", async ({ browser, newcomer, stranger, server, m }) => {
  const [anna, eva] = [await newcomer("Anna Berg"), stranger("Eva Ek")];
  const link = await handed(anna, eva);
  const context = await browser.newContext({ userAgent: IN_APP, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole("button", { name: m("guest.copy_link") }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(new URL(link, server.url).href);
  expect(new URL(page.url()).hash).toBe("");
  await clean(page);
  await open(page, server, eva, m);
  await expect(page.getByText("Proverna ser bra ut.")).toBeVisible();
  await expect(page.getByText(m("guest.in_app"))).toHaveCount(0);
  await context.close();
});

test("a browser that can't open a letter keeps the link, and says where to open it", async ({ page, newcomer, stranger, m }) => {
  const [anna, eva] = [await newcomer("Anna Berg"), stranger("Eva Ek")];
  await page.addInitScript(() => delete (globalThis as { WebAssembly?: unknown }).WebAssembly);
  const link = await handed(anna, eva);
  await page.goto(link);
  await expect(page.getByText(m("unable.webassembly"))).toBeVisible();
  await expect(page.getByRole("button", { name: m("guest.copy_link") })).toBeVisible();
  expect(page.url().endsWith(link.slice(link.indexOf("#"))), "for what opens it elsewhere").toBe(true);
  await clean(page);
});

test("a browser that may keep nothing reads all the same, since nothing is kept", async ({ server, newcomer, stranger, locale, m, watch }, info) => {
  const [anna, eva] = [await newcomer("Anna Berg"), stranger("Eva Ek")];
  const context = await withoutSiteData(info.outputPath("profile"), { baseURL: server.url, locale: locale ?? "" });
  try {
    await watch.over(context);
    const page = await context.newPage();
    await page.goto(await handed(anna, eva));
    await open(page, server, eva, m);
    await expect(page.getByText("Proverna ser bra ut.")).toBeVisible();
    await expect(page.getByText(m("claim.nowhere")), "a mailbox of one's own could not be opened here").toBeVisible();
    await expect(page.getByRole("button", { name: m("claim.open") })).toHaveCount(0);
  } finally {
    await context.close();
  }
});

test("what scans an e-mail opens the link and presses every button: nothing is sent, and the person reads an hour later", async ({ page, visit, newcomer, stranger, server, m }) => {
  const [anna, eva] = [await newcomer("Anna Berg"), stranger("Eva Ek")];
  const link = await handed(anna, eva);
  for (const scanner of [await visit(), await visit()]) {
    await scanner.goto(link);
    await expect(scanner.getByRole("button", { name: m("guest.send") })).toBeVisible();
    // Each press may lead to another step, with buttons of its own.
    const buttons = await scanner.getByRole("main").getByRole("button").count();
    for (let first = 0; first < buttons; first++) {
      await scanner.goto("/sign-in");
      await scanner.goto(link);
      await expect(scanner.getByRole("button", { name: m("guest.send") })).toBeVisible();
      await scanner.getByRole("main").getByRole("button").nth(first).click();
      for (let round = 0; round < 3; round++) await scanner.evaluate(pressEverything);
    }
  }
  expect(await server.messagesTo(eva.phone)).toBe(0);
  expect(await anna.terminal.invitations()).toMatchObject([{ address: eva.address }]);
  expect((await anna.terminal.invitations())[0]).not.toHaveProperty("wrong_number");
  await page.goto(link);
  await open(page, server, eva, m);
});

test("somebody with an address and a phone number is written to on the page, and reads", async ({ visit, newcomer, stranger, server, m }) => {
  const [gun, eva] = [await newcomer("Gun Berg"), stranger("Eva Ek")];
  const guns = await visit(gun);
  await write(guns, { to: [eva.address], ...LETTER }, m);
  await expect(guns.getByText(m("stranger.title", { who: eva.address }))).toBeVisible();
  await guns.getByRole("button", { name: m("write.send"), exact: true }).click();
  await expect(problem(guns).first(), "without a number it can't go").toBeVisible();
  await clean(guns);
  await guns.getByLabel(m("invite.phone", { who: eva.address })).fill(eva.phone);
  await expect(readers(guns, m)).toContainText(m("chip.invited", { ends: eva.phone.slice(-2) }));
  await expect(guns.getByText(m("write.invited", { names: eva.address }))).toBeVisible();
  await clean(guns);
  await guns.reload(); // the number is a part of the draft
  await expect(readers(guns, m)).toContainText(m("chip.invited", { ends: eva.phone.slice(-2) }));
  await send(guns, m);
  await expect.poll(() => server.newestTo(eva.address)).toMatch(/\/l#[\w-]{48}$/m);
  const link = /\S+\/l#[\w-]{48}/.exec(await server.newestTo(eva.address))?.[0] ?? "";
  const evas = await visit();
  await evas.goto(link);
  await open(evas, server, eva, m);
});

test("whoever does not want a letter has it erased, for a code, and its sender sees that", async ({ page, visit, newcomer, stranger, server, m, watch }) => {
  watch.expect(NOT_THERE);
  const [gun, eva] = [await newcomer("Gun Berg"), await stranger("Eva Ek")];
  const link = await handed(gun, eva);
  await page.goto(link);
  await page.getByRole("button", { name: m("guest.decline") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("guest.decline_title") })).toBeFocused();
  await clean(page);
  const before = await server.messagesTo(eva.phone);
  await page.getByRole("checkbox", { name: m("guest.mine", { ends: eva.phone.slice(-2) }) }).check();
  await page.getByRole("button", { name: m("guest.send") }).click();
  await enterCode(page, await server.code(eva.phone, before), m);
  await expect(page.getByRole("heading", { level: 1, name: m("guest.declined") })).toBeFocused();
  await clean(page);
  await page.goto("/sign-in");
  await page.goto(link);
  await expect(page.getByRole("heading", { level: 1, name: m("guest.over") })).toBeVisible();
  await clean(page);
  const guns = await visit(gun);
  await goTo(guns, "sent", m);
  await expect(row(guns, LETTER.subject)).toContainText(m("tag.declined"));
});

test("a letter that is open is erased only when it is asked for once more", async ({ page, newcomer, stranger, server, m }) => {
  const [anna, eva] = [await newcomer("Anna Berg"), await stranger("Eva Ek")];
  await page.goto(await handed(anna, eva));
  await open(page, server, eva, m);
  await page.getByRole("button", { name: m("guest.decline") }).click();
  await expect(page.getByRole("button", { name: m("guest.decline_keep") })).toBeFocused();
  await clean(page);
  await page.getByRole("button", { name: m("guest.decline_keep") }).click();
  await expect(page.getByText("Proverna ser bra ut.")).toBeVisible();
  await page.getByRole("button", { name: m("guest.decline") }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: m("guest.decline_do") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("guest.declined") })).toBeFocused();
  expect(await anna.terminal.invitations()).toEqual([]);
});

test("a mailbox of one's own is made of the conversation: the letter lies there, and whoever wrote sees no alarm", async ({ page, visit, newcomer, stranger, server, m, watch }) => {
  watch.expect(NOT_THERE);
  const [gun, eva] = [await newcomer("Gun Berg"), await stranger("Eva Ek")];
  const link = await handed(gun, eva);
  await page.goto(link);
  await open(page, server, eva, m);
  await page.getByRole("button", { name: m("claim.open") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("claim.open") })).toBeFocused();
  await clean(page);
  await page.getByRole("button", { name: m("claim.send") }).click();
  await expect(problem(page).first()).toContainText(m("register.name_missing"));
  await page.getByLabel(m("register.name")).fill(eva.name);
  const mails = await server.messagesTo(eva.address);
  const texts = await server.messagesTo(eva.phone);
  await page.getByRole("button", { name: m("claim.send") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("code.from_mail") })).toBeVisible();
  await clean(page);
  await enterCode(page, await server.code(eva.address, mails), m);
  await page.getByLabel(m("new_password.label")).fill(eva.password);
  await clean(page);
  await page.getByRole("button", { name: m("register.make_keys") }).click();
  await shownSheet(page);
  await clean(page);
  await keepSheet(page, m);
  await inMailbox(page, m);
  expect(await server.messagesTo(eva.phone), "the phone was proved already").toBe(texts);
  await openLetter(page, LETTER.subject);
  await expect(page.getByRole("article")).toContainText("Proverna ser bra ut.");
  await clean(page);

  const other = await visit();
  await other.goto(link);
  await expect(other.getByRole("heading", { level: 1, name: m("guest.over") })).toBeVisible();
  await gun.terminal.send({ to: [eva.address], subject: "Välkommen", text: "Nu når jag dig här." });
  await page.goto("/mail/inbox");
  await expect(row(page, "Välkommen")).toBeVisible();
});

/** As far as the choice of what opens the mailbox. */
async function provedBoth(page: Page, server: Server, eva: Person, m: Words): Promise<void> {
  await page.getByRole("button", { name: m("claim.open") }).click();
  await page.getByLabel(m("register.name")).fill(eva.name);
  const mails = await server.messagesTo(eva.address);
  await page.getByRole("button", { name: m("claim.send") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("code.from_mail") })).toBeVisible();
  await enterCode(page, await server.code(eva.address, mails), m);
}

test("a mailbox of one's own is made with a passkey, and has no password", async ({ page, newcomer, stranger, server, m }) => {
  const [gun, eva] = [await newcomer("Gun Berg"), await stranger("Eva Ek")];
  const { count, touched } = await authenticator(page, { prf: true });
  await overhear(page);
  const sent: string[] = [];
  page.on("request", (request) => sent.push(request.postData() ?? ""));
  await page.goto(await handed(gun, eva));
  await open(page, server, eva, m);
  await provedBoth(page, server, eva, m);
  await page.getByRole("button", { name: m("claim.passkey_instead") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("claim.passkey") })).toBeFocused();
  await clean(page);

  // Who makes none has lost nothing: the letter is where it was, and both ceremonies may be held again.
  await page.evaluate(() => (navigator.credentials.create = () => Promise.reject(new DOMException("", "NotAllowedError"))));
  await page.getByRole("button", { name: m("claim.passkey") }).click();
  await expect(page.getByText(m("passkey.closed"))).toBeVisible();
  await clean(page);
  expect(await gun.terminal.invitations()).toHaveLength(1);
  await page.evaluate(() => delete (navigator.credentials as Partial<CredentialsContainer>).create);

  await page.getByRole("button", { name: m("claim.passkey") }).click();
  await shownSheet(page);
  await clean(page);
  const given = await outputs(page);
  expect(given.length).toBeGreaterThan(1);
  for (const output of given) expect(sent.some((body) => body.includes(output)), "an output is sent to nobody").toBe(false);
  await keepSheet(page, m);
  await inMailbox(page, m);
  expect(await count()).toBe(1);
  await openLetter(page, LETTER.subject);
  await expect(page.getByRole("article")).toContainText("Proverna ser bra ut.");
  await page.goto("/settings/identity");
  await expect(page.getByText(m("change_password.none"))).toBeVisible();
  await page.goto("/mail/inbox");
  await signOut(page, m);
  await touched(true);
  await signInByPasskey(page, m);
  await inMailbox(page, m);
});

for (const { name, prf } of [
  { name: "gives no output", prf: false },
  { name: "gives another output each time", prf: true },
]) {
  test(`a passkey that ${name} makes no mailbox, and a password does`, async ({ page, newcomer, stranger, server, m }) => {
    const [gun, eva] = [await newcomer("Gun Berg"), await stranger("Eva Ek")];
    await authenticator(page, { prf });
    await overhear(page);
    await page.goto(await handed(gun, eva));
    await open(page, server, eva, m);
    await provedBoth(page, server, eva, m);
    if (prf) await alter(page);
    await page.getByRole("button", { name: m("claim.passkey_instead") }).click();
    await page.getByRole("button", { name: m("claim.passkey") }).click();
    await expect(page.getByText(m("claim.proves"))).toBeVisible();
    await clean(page);
    expect(await gun.terminal.invitations(), "nothing was made").toHaveLength(1);
    await page.getByLabel(m("new_password.label")).fill(eva.password);
    await page.getByRole("button", { name: m("register.make_keys") }).click();
    await shownSheet(page);
    await keepSheet(page, m);
    await inMailbox(page, m);
    await openLetter(page, LETTER.subject);
    await expect(page.getByRole("article")).toContainText("Proverna ser bra ut.");
  });
}

test("a mailbox that was made and whose answer was lost opens by its passkey", async ({ page, newcomer, stranger, server, m, watch }) => {
  watch.expect(REFUSED, NOT_THERE);
  const [gun, eva] = [await newcomer("Gun Berg"), await stranger("Eva Ek")];
  await authenticator(page, { prf: true });
  await page.goto(await handed(gun, eva));
  await open(page, server, eva, m);
  await provedBoth(page, server, eva, m);
  await page.getByRole("button", { name: m("claim.passkey_instead") }).click();
  await page.route("**/complete", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await page.getByRole("button", { name: m("claim.passkey") }).click();
  await expect(problem(page).first()).toContainText(m("problem.unreachable"));
  await page.unrouteAll();
  await page.getByRole("button", { name: m("claim.passkey") }).click();
  await expect(problem(page).first()).toContainText(m("problem.registration_over.do"));
  await page.goto("/sign-in");
  await signInByPasskey(page, m);
  await shownSheet(page); // the one that was made with it never came
  await keepSheet(page, m);
  await inMailbox(page, m);
});

test("a member who is signed in reads by a link of somebody else's, and is told whose mailbox is open", async ({ page, newcomer, stranger, server, m }) => {
  const [anna, gun, eva] = [await newcomer("Anna Berg"), await newcomer("Gun Berg"), await stranger("Eva Ek")];
  await signIn(page, server, gun, m);
  await page.goto(await handed(anna, eva));
  await open(page, server, eva, m);
  await page.getByRole("button", { name: m("claim.open") }).click();
  await expect(page.getByText(m("claim.other_text", { here: gun.address }))).toBeVisible();
  await clean(page);
  await page.getByRole("button", { name: m("guest.back") }).click();
  await page.getByRole("button", { name: m("guest.close") }).click();
  await page.goto("/mail/inbox");
  await inMailbox(page, m);
});

test("a second conversation moves into the mailbox that is open here", async ({ page, visit, newcomer, stranger, server, m, watch }) => {
  watch.expect(NOT_THERE, REFUSED);
  const [anna, gun, eva] = [await newcomer("Anna Berg"), await newcomer("Gun Berg"), await stranger("Eva Ek")];
  const [first, second] = [await handed(anna, eva), await handed(gun, eva)];
  await page.goto(first);
  await open(page, server, eva, m);
  await provedBoth(page, server, eva, m);
  await page.getByLabel(m("new_password.label")).fill(eva.password);
  await page.getByRole("button", { name: m("register.make_keys") }).click();
  await shownSheet(page);
  await keepSheet(page, m);
  await inMailbox(page, m);

  await page.goto(second);
  await open(page, server, eva, m);
  await page.getByRole("button", { name: m("claim.open") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("claim.here") })).toBeFocused();
  await clean(page);
  await page.getByRole("button", { name: m("claim.here_do") }).click();
  await inMailbox(page, m);
  const rows = page.getByRole("list", { name: m("folder.inbox") }).getByRole("link");
  await expect(rows).toHaveCount(2);
  await rows.first().click();
  await expect(page.getByRole("article")).toContainText("Proverna ser bra ut.");
  await page.reload();
  await expect(page.getByRole("article"), "the key stays").toContainText("Proverna ser bra ut.");
  await clean(page);
  expect(await gun.terminal.invitations(), "the link is over").toEqual([]);
  const other = await visit();
  await other.goto(second);
  await expect(other.getByRole("heading", { level: 1, name: m("guest.over") })).toBeVisible();
});

test("where the mailbox is shut, it is said how the conversation gets there", async ({ page, newcomer, stranger, server, m }) => {
  const [anna, gun, eva] = [await newcomer("Anna Berg"), await newcomer("Gun Berg"), await stranger("Eva Ek")];
  await signIn(page, server, gun, m);
  await fromMenu(page, m("app.lock"), m);
  await page.goto(await handed(anna, eva));
  await open(page, server, eva, m);
  await page.getByRole("button", { name: m("claim.open") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("claim.shut") })).toBeFocused();
  await clean(page);
  await page.getByRole("button", { name: m("claim.shut_do") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("claim.shut") })).toBeVisible();
});

test("wrong codes are counted in words, and an answer that comes too late is not lost", async ({ page, newcomer, stranger, server, m, watch }) => {
  watch.expect(REFUSED);
  const [anna, eva] = [await newcomer("Anna Berg"), await stranger("Eva Ek")];
  await page.goto(await handed(anna, eva));
  const before = await server.messagesTo(eva.phone);
  await page.getByRole("checkbox", { name: m("guest.mine", { ends: eva.phone.slice(-2) }) }).check();
  await page.getByRole("button", { name: m("guest.send") }).click();
  const code = await server.code(eva.phone, before);
  const wrong = ["000000", "111111", "222222", "333333"].filter((one) => one !== code).slice(0, 3);
  for (const [tries, typed] of wrong.entries()) {
    await enterCode(page, typed, m);
    await expect(problem(page).first()).toContainText(m("code.tries_left", { count: 4 - tries }));
  }
  await clean(page);
  await enterCode(page, code, m);
  await expect(page.getByText("Proverna ser bra ut.")).toBeVisible();
  await page.getByRole("button", { name: m("guest.answer", { from: anna.name }) }).click();
  await page.getByLabel(m("guest.your_answer")).fill("Tack för beskedet!");
  await anna.terminal.withdrawAll(eva);
  await page.getByRole("button", { name: m("guest.send_answer") }).click();
  await expect(problem(page).first()).toContainText(m("guest.session_over"));
  await expect(page.getByLabel(m("guest.your_answer"))).toHaveValue("Tack för beskedet!");
  await clean(page);
});

test("who uses no mouse reads and answers", async ({ page, newcomer, stranger, server, m }) => {
  const [anna, eva] = [await newcomer("Anna Berg"), stranger("Eva Ek")];
  await page.goto(await handed(anna, eva));
  await expect(page.getByRole("heading", { level: 1, name: m("guest.who", { from: anna.address }) })).toBeFocused();
  const before = await server.messagesTo(eva.phone);
  await tabTo(page, page.getByRole("checkbox", { name: m("guest.mine", { ends: eva.phone.slice(-2) }) }));
  await page.keyboard.press("Space");
  await tabTo(page, page.getByRole("button", { name: m("guest.send") }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: m("guest.code_title") })).toBeVisible();
  const code = await server.code(eva.phone, before);
  await page.keyboard.type(code); // the field has the focus
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: LETTER.subject })).toBeFocused();
  await tabTo(page, page.getByRole("button", { name: m("guest.answer", { from: anna.name }) }));
  await page.keyboard.press("Enter");
  await page.keyboard.type("Tack för beskedet!");
  await tabTo(page, page.getByRole("button", { name: m("guest.send_answer") }));
  await page.keyboard.press("Enter");
  await expect(page.getByText(m("guest.sent", { from: anna.name }))).toBeVisible();
});

test("a letter that is taken back while it is read takes no words along that were written in answer", async ({ page, newcomer, stranger, server, m }) => {
  const [gun, eva] = [await newcomer("Gun Berg"), stranger("Eva Ek")];
  await page.goto(await handed(gun, eva));
  await open(page, server, eva, m);
  await page.getByRole("button", { name: m("guest.answer", { from: gun.name }) }).click();
  await page.getByLabel(m("guest.your_answer")).fill("Tack för beskedet!");
  const [sent] = await gun.terminal.list("sent");
  await gun.terminal.withdraw(sent?.id ?? "");
  await page.getByRole("button", { name: m("guest.send_answer") }).click();
  await expect(page.getByText(m("guest.sent_text"))).toBeVisible();
  await expect(page.getByText("Proverna ser bra ut."), "what was taken back is not shown").toHaveCount(0);
  await clean(page);
  const [answer] = await gun.terminal.list();
  expect(await gun.terminal.read(answer?.id ?? "")).toMatchObject({ text: "Tack för beskedet!" });
});
