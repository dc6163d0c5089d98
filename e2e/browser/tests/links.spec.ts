// Whoever writes to somebody who has no mailbox (PROTOCOL §5): how the link and the words get there, and what becomes of them.
import { enterCode, problem } from "../house/entering.ts";
import { clean, handed, LETTER, open, prove } from "../house/guests.ts";
import { conversationsEnd, countedToTwenty } from "../house/later.ts";
import { expect, test } from "../house/test.ts";
import { NOT_THERE, REFUSED } from "../house/watch.ts";
import { goTo, open as openLetter, row, send, write } from "../house/writing.ts";

test("whoever writes hands the link over: it is shown once the letter is sealed, and the server sends none", async ({ visit, newcomer, stranger, server, m }) => {
  const [gun, eva] = [await newcomer("Gun Berg"), stranger("Eva Ek")];
  const guns = await visit(gun);
  await guns.goto("/contacts/links");
  await expect(guns.getByText(m("links.empty"))).toBeVisible();
  await clean(guns);
  await guns.goto("/mail/inbox");
  await write(guns, { to: [eva.address], ...LETTER }, m);
  await guns.getByLabel(m("invite.phone", { who: eva.address })).fill(eva.phone);
  await guns.getByRole("radio", { name: m("invite.handed") }).check();
  await expect(guns.getByText(m("write.handed", { names: eva.address }))).toBeVisible();
  await clean(guns);
  await guns.reload(); // how it goes is a part of the draft
  await expect(guns.getByRole("radio", { name: m("invite.handed") })).toBeChecked();
  await guns.getByRole("button", { name: m("write.send_and_show"), exact: true }).click();
  await expect(guns.getByRole("heading", { level: 1, name: m("links.title") })).toBeFocused();
  const invited = guns.getByRole("list", { name: m("links.title") }).getByRole("listitem");
  await expect(invited).toContainText(m("links.with_sender"));
  await expect(invited.getByRole("img", { name: m("links.qr", { who: eva.address }) })).toBeVisible();
  await expect(invited.getByRole("link", { name: m("links.mail") })).toHaveAttribute("href", /^mailto:.*%2Fl%23[\w-]{48}%0A$/);
  await guns.evaluate(() => (window.print = () => (document.title = document.querySelector("[data-paper]")?.textContent ?? "")));
  await invited.getByRole("button", { name: m("links.print") }).click();
  await expect(guns).toHaveTitle(/\/l#[\w-]{48}/);
  const link = /https?:\S+\/l#[\w-]{48}/.exec(await invited.innerText())?.[0] ?? "";
  await guns.getByRole("button", { name: m("outbox.now") }).click();
  await clean(guns);

  const evas = await visit();
  await evas.goto(link);
  await open(evas, server, eva, m);
  expect(await server.messagesTo(eva.address), "nobody else tells them").toBe(0);
  await guns.reload();
  await expect(invited).not.toContainText(m("links.with_sender"));
  await expect(invited.getByText(m("links.show", { who: eva.address }))).toBeVisible();
  await clean(guns);
});

test("a wrong number is told to whoever wrote, who takes the letter back and writes it with the right one", async ({ page, visit, newcomer, stranger, server, m }) => {
  const [gun, eva, other] = [await newcomer("Gun Berg"), await stranger("Eva Ek"), await stranger("Ulla Ek")];
  await page.goto(await handed(gun, { ...eva, phone: other.phone }));
  const ends = other.phone.slice(-2);
  await page.getByRole("button", { name: m("guest.wrong") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("guest.wrong_title") })).toBeFocused();
  await clean(page);
  await page.getByRole("button", { name: m("guest.wrong_send") }).click();
  await expect(problem(page).first(), "nothing is said by mistake").toContainText(m("guest.wrong_tick"));
  await page.getByRole("checkbox", { name: m("guest.wrong_check", { ends }) }).check();
  await page.getByRole("button", { name: m("guest.wrong_send") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("guest.wrong_done") })).toBeFocused();
  await clean(page);
  expect(await server.messagesTo(other.phone), "no code went to somebody else").toBe(0);

  const guns = await visit(gun);
  await goTo(guns, "sent", m);
  await expect(row(guns, LETTER.subject)).toContainText(m("tag.wrong_number"));
  await openLetter(guns, LETTER.subject);
  await expect(guns.getByRole("article")).toContainText("Proverna ser bra ut.");
  await clean(guns);
  await guns.getByRole("button", { name: m("letter.new_number") }).click();
  await expect(guns.getByLabel(m("write.subject"))).toHaveValue(LETTER.subject);
  const number = guns.getByLabel(m("invite.phone", { who: eva.address }));
  await expect(number, "the wrong one is forgotten").toHaveValue("");
  await number.fill(eva.phone);
  await expect(guns.getByRole("radio", { name: m("invite.handed") }), "as it was sent before").toBeChecked();
  await guns.getByRole("radio", { name: m("invite.mailed") }).check();
  await send(guns, m);
  await expect.poll(() => server.newestTo(eva.address)).toMatch(/\/l#[\w-]{48}$/m);
  const link = /\S+\/l#[\w-]{48}/.exec(await server.newestTo(eva.address))?.[0] ?? "";
  const evas = await visit();
  await evas.goto(link);
  await open(evas, server, eva, m);
});

test("whoever wrote sends the link once more, and has everything erased sooner", async ({ visit, newcomer, stranger, server, m, watch }) => {
  watch.expect(/status of 429/);
  const [gun, eva] = [await newcomer("Gun Berg"), await stranger("Eva Ek")];
  expect(await gun.terminal.invite(eva, { ...LETTER, mailed: true })).toBeNull();
  await expect.poll(() => server.messagesTo(eva.address)).toBe(1);
  const first = /\S+\/l#[\w-]{48}/.exec(await server.newestTo(eva.address))?.[0];
  const guns = await visit(gun);
  await guns.goto("/contacts/links");
  await guns.getByRole("button", { name: m("links.remind") }).click();
  await expect(guns.getByRole("main").getByText(m("links.reminded", { who: eva.address }))).toBeVisible();
  await clean(guns);
  await expect.poll(() => server.messagesTo(eva.address)).toBe(2);
  expect(/\S+\/l#[\w-]{48}/.exec(await server.newestTo(eva.address))?.[0], "the same link").toBe(first);
  await guns.reload();
  await guns.getByRole("button", { name: m("links.remind") }).click();
  await expect(guns.getByText(m("links.reminded_today"))).toBeVisible();
  await guns.getByText(m("links.time"), { exact: true }).click();
  await clean(guns);
  await guns.getByRole("radio", { name: m("links.time_days", { days: "7" }) }).check();
  await guns.getByRole("button", { name: m("links.time_change") }).click();
  await expect.poll(async () => (await gun.terminal.invitations())[0]?.days).toBe(7);
});

test("two agree on four words, and without them the link opens nothing", async ({ visit, newcomer, stranger, server, m }) => {
  const [gun, eva] = [await newcomer("Gun Berg"), stranger("Eva Ek")];
  const guns = await visit(gun);
  await write(guns, { to: [eva.address], ...LETTER }, m);
  await guns.getByLabel(m("invite.phone", { who: eva.address })).fill(eva.phone);
  await expect(guns.getByText(m("write.invited", { names: eva.address }))).toBeVisible();
  await guns.getByRole("checkbox", { name: m("invite.passphrase") }).check();
  const passphrase = guns.getByRole("group", { name: m("invite.words", { who: eva.address }) });
  const first = await passphrase.innerText();
  await guns.getByRole("button", { name: m("invite.other_words") }).click();
  await expect(passphrase).not.toHaveText(first);
  const words = (await passphrase.innerText()).trim().split(/\s+/);
  expect(words).toHaveLength(4);
  await expect(guns.getByText(m("write.agreed", { names: eva.address }))).toBeVisible();
  await clean(guns);
  await guns.reload(); // the words are a part of the draft
  await expect(passphrase).toContainText(words[0] ?? "");
  await send(guns, m);
  await expect.poll(() => server.newestTo(eva.address)).toMatch(/\/l#[\w-]{48}$/m);
  const mail = await server.newestTo(eva.address);
  for (const word of words) expect(mail, "the words go by no e-mail").not.toContain(` ${word} `);

  const evas = await visit();
  await evas.goto(/\S+\/l#[\w-]{48}/.exec(mail)?.[0] ?? "");
  await prove(evas, server, eva, m);
  await expect(evas.getByRole("heading", { level: 1, name: m("guest.words_title") })).toBeFocused();
  await clean(evas);
  const tries = [
    ["", m("guest.words_missing")],
    [words.toReversed().join(" "), m("problem.words_differ")],
  ];
  for (const [typed = "", why = ""] of tries) {
    await evas.getByLabel(m("guest.words"), { exact: true }).fill(typed);
    await evas.getByRole("button", { name: m("guest.open") }).click();
    await expect(problem(evas).first()).toContainText(why);
  }
  await clean(evas);
  await evas.getByLabel(m("guest.words"), { exact: true }).fill(words.join(", ").toUpperCase());
  await evas.getByRole("button", { name: m("guest.open") }).click();
  await expect(evas.getByText("Proverna ser bra ut.")).toBeVisible();
  await expect(evas.getByText(m("guest.seal_agreed", { expires: "" }).split(".")[0] ?? "")).toBeVisible();
  await clean(evas);

  await guns.goto("/contacts/links");
  await expect(guns.getByRole("group", { name: m("links.words", { who: eva.address }) })).toContainText(words[3] ?? "");
  await clean(guns);
});

test("who has no words declines without them, and nothing is opened", async ({ page, newcomer, stranger, server, m }) => {
  const [anna, eva] = [await newcomer("Anna Berg"), stranger("Eva Ek")];
  const { link } = await anna.terminal.agree(eva, LETTER);
  await page.goto(link);
  await prove(page, server, eva, m);
  await page.getByText(m("guest.words_none"), { exact: true }).click();
  await page.getByRole("button", { name: m("guest.decline") }).click();
  await clean(page);
  await page.getByRole("alertdialog").getByRole("button", { name: m("guest.decline_do") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("guest.declined") })).toBeFocused();
  expect(await anna.terminal.invitations()).toEqual([]);
});

test("of five people without a mailbox one has no number: the others get the letter", async ({ visit, newcomer, stranger, server, m }) => {
  const gun = await newcomer("Gun Berg");
  const people = ["Eva Ek", "Per Ek", "Ulla Ek", "Åke Ek", "Bo Ek"].map((name) => stranger(name));
  const [last, ...others] = people.toReversed();
  if (!last) throw new Error("there are five");
  const guns = await visit(gun);
  await write(guns, { to: people.map(({ address }) => address), ...LETTER }, m);
  for (const { address, phone } of others) await guns.getByLabel(m("invite.phone", { who: address })).fill(phone);
  await guns.getByRole("button", { name: m("write.send"), exact: true }).click();
  await expect(problem(guns).first()).toContainText(last.address);
  await clean(guns);
  await guns.getByRole("button", { name: m("strangers.without", { who: last.address }) }).click();
  await expect(guns.getByRole("button", { name: m("strangers.without", { who: last.address }) })).toHaveCount(0);
  await send(guns, m);
  for (const { address } of others) await expect.poll(() => server.newestTo(address)).toMatch(/\/l#[\w-]{48}$/m);
  expect(await server.messagesTo(last.address)).toBe(0);
});

test("after twenty wrong codes the link is shut, until whoever wrote opens it again", async ({ page, visit, newcomer, stranger, server, m, watch }) => {
  watch.expect(REFUSED, /status of 4(09|29)/);
  const [gun, eva] = [await newcomer("Gun Berg"), stranger("Eva Ek")];
  const link = await handed(gun, eva);
  await page.goto(link);
  const before = await server.messagesTo(eva.phone);
  await page.getByRole("checkbox", { name: m("guest.mine", { ends: eva.phone.slice(-2) }) }).check();
  await page.getByRole("button", { name: m("guest.send") }).click();
  const code = await server.code(eva.phone, before);
  for (const typed of ["000000", "111111", "222222", "333333"].filter((one) => one !== code).slice(0, 3)) {
    await enterCode(page, typed, m);
    await expect(problem(page).first()).toBeVisible();
  }
  await countedToTwenty(server, 3);
  await enterCode(page, code, m);
  await expect(problem(page).first()).toContainText(m("problem.link_shut"));
  await clean(page);
  const guns = await visit(gun);
  await guns.goto("/contacts/links");
  await expect(guns.getByText(m("links.shut_text", { who: eva.address }))).toBeVisible();
  await clean(guns);
  await guns.getByRole("button", { name: m("links.new_tries") }).click();
  await expect(guns.getByRole("main").getByText(m("links.new_tries_done", { who: eva.address }))).toBeVisible();
  await page.goto("/sign-in");
  await page.goto(link);
  await open(page, server, eva, m);
});

test("a conversation whose time is over leads nowhere, and its writer sees why", async ({ page, visit, newcomer, stranger, server, m, watch }) => {
  watch.expect(NOT_THERE);
  const [gun, eva] = [await newcomer("Gun Berg"), stranger("Eva Ek")];
  const link = await handed(gun, eva);
  await conversationsEnd(server);
  await expect.poll(() => gun.terminal.invitations()).toEqual([]);
  await page.goto(link);
  await expect(page.getByRole("heading", { level: 1, name: m("guest.over") })).toBeVisible();
  await clean(page);
  const guns = await visit(gun);
  await goTo(guns, "sent", m);
  await expect(row(guns, LETTER.subject)).toContainText(m("tag.expired"));
});
