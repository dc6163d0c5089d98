// A server that lies to the page: it says in words what a person should do, and does nothing dangerous meanwhile.
import { enter } from "../house/entering.ts";
import { impostor, Liar } from "../house/liar.ts";
import { inRed } from "../house/looks.ts";
import { expect, type Page, test } from "../house/test.ts";
import { NO_NETWORK } from "../house/watch.ts";
import { goTo, open, readers, row, send, write } from "../house/writing.ts";
import type { Words } from "../house/words.ts";

const SECRET = "Lådan står under trappan";
const CERTIFICATES = "**/api/v1/directory/certificates/*";

/** Every letter that leaves the browser from now on. */
function lettersLeaving(page: Page): string[] {
  const left: string[] = [];
  page.context().on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/api/v1/letters")) left.push(request.url());
  });
  return left;
}

function digitsShown(page: Page, m: Words) {
  return page.getByRole("region", { name: m("compare.digits.title") }).getByRole("listitem");
}

/** The sixty digits, read in groups of five. */
async function digits(page: Page, m: Words): Promise<string> {
  await expect(digitsShown(page, m)).toHaveCount(12);
  const groups = await digitsShown(page, m).locator("[aria-hidden=true]").allInnerTexts();
  return groups.map((group) => group.trim()).join(" ");
}

/** Wants to write to somebody, sees whose key the directory gives, and leaves it at that. */
async function meets(page: Page, address: string, m: Words): Promise<void> {
  await write(page, { to: [address], subject: "", text: "" }, m);
  await expect(readers(page, m)).toContainText(m("key.new"));
  await page.getByRole("link", { name: m("write.close") }).click();
}

test.describe("a key that was changed", () => {
  test("stops the letter, says what it can mean, and nothing is sent to it", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await gun.terminal.send({ to: [per.address], subject: "Förr", text: "Hej" });
    const guns = await visit(gun);
    const liar = new Liar(guns.context());
    await liar.givesForAddress(per.address, await impostor(per));
    const leaving = lettersLeaving(guns);

    await write(guns, { to: [per.address], subject: "Nyckeln", text: SECRET }, m);
    await expect(readers(guns, m)).toContainText(m("key.changed"));
    await expect(guns.getByText(m("write.key_changed_text"))).toBeVisible();
    await guns.getByRole("button", { name: m("write.send") }).click();
    const refused = guns.getByRole("alert").filter({ hasText: per.address });
    await expect(refused).toContainText(m("problem.key_changed.do"));
    await expect(guns.getByRole("textbox", { name: m("write.text") })).toHaveValue(SECRET);

    await guns.getByRole("link", { name: m("seal.accept") }).click();
    await expect(guns.getByRole("heading", { level: 1 })).toHaveText(m("compare.title.changed", { who: per.address }));
    await expect(guns.getByText(m("compare.changed.stopped.title", { who: per.address }))).toBeVisible();
    await expect(guns.getByText(m("compare.changed.worst"))).toBeVisible();
    expect(await digits(guns, m)).not.toBe((await per.terminal.compare(gun.address)).digits);
    await guns.getByRole("button", { name: m("compare.differ"), exact: true }).click();
    await expect(guns.getByText(m("compare.differs.title"))).toBeVisible();

    await liar.repents();
    expect(leaving).toEqual([]);
    expect(await per.terminal.list()).toHaveLength(1);
  });

  test("is used after comparing the sixty digits with the person", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    const liar = new Liar(guns.context());
    // The very first answer was the lie; what comes after is the truth, and looks like a change.
    await liar.givesForAddress(per.address, await impostor(per));
    await write(guns, { to: [per.address], subject: "Nyckeln", text: SECRET }, m);
    await expect(readers(guns, m)).toContainText(m("key.new"));
    await liar.repents();
    await guns.getByRole("button", { name: m("write.send") }).click();
    await guns.getByRole("button", { name: m("outbox.now") }).click();
    await expect(guns.getByRole("alert").filter({ hasText: m("outbox.failed") })).toBeAttached();
    expect(await per.terminal.list()).toEqual([]);
    await guns.getByRole("button", { name: m("outbox.open") }).click();
    await expect(readers(guns, m)).toContainText(m("key.changed"));

    await guns.getByRole("link", { name: m("seal.accept") }).click();
    await expect(guns.getByRole("heading", { level: 1 })).toHaveText(m("compare.title.changed", { who: per.address }));
    const his = await per.terminal.compare(gun.address);
    expect(await digits(guns, m)).toBe(his.digits);
    await guns.getByRole("button", { name: m("compare.match") }).click();
    await expect(guns.getByText(m("compare.done.title", { who: per.address }))).toBeVisible();

    await goTo(guns, "drafts", m);
    await row(guns, "Nyckeln").click();
    await expect(readers(guns, m)).toContainText(m("key.compared"));
    await send(guns, m);
    const [letter] = await per.terminal.list();
    expect((await per.terminal.read(letter?.id ?? "")).text).toContain(SECRET);
  });

  test("is used on the server's word only after a question, and never for one that was compared", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    const liar = new Liar(guns.context());
    await liar.givesForAddress(per.address, await impostor(per));
    await meets(guns, per.address, m);
    await liar.repents();

    await guns.goto(`/compare#${per.address}`);
    await guns.getByRole("button", { name: m("accept.act") }).click();
    const asked = guns.getByRole("alertdialog", { name: m("accept.ask.title", { who: per.address }) });
    await expect(asked.getByRole("button", { name: m("accept.wait") })).toBeFocused();
    await asked.getByRole("button", { name: m("accept.act") }).click();
    await expect(guns.getByText(m("accept.done.title", { who: per.address }))).toBeVisible();
    await guns.getByRole("button", { name: m("compare.match") }).click();
    await expect(guns.getByText(m("compare.done.title", { who: per.address }))).toBeVisible();

    await liar.givesForAddress(per.address, await impostor(per));
    await guns.reload();
    await expect(guns.getByText(m("compare.must"))).toBeVisible();
    await expect(guns.getByRole("button", { name: m("accept.act") })).toHaveCount(0);
    await liar.repents();
  });

  test("hides the letters that come from it until it is accepted", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    const liar = new Liar(guns.context());
    await liar.givesForAddress(per.address, await impostor(per));
    await meets(guns, per.address, m);
    await liar.repents();
    await goTo(guns, "inbox", m);

    await per.terminal.send({ to: [gun.address], subject: "Den rätta Per", text: SECRET });
    await expect(row(guns, m("list.key_changed"))).toContainText(m("list.said_from", { address: per.address }));
    await row(guns, m("list.key_changed")).click();
    await expect(guns.getByText(m("damage.key_changed", { name: per.address }))).toBeVisible();
    await showsNothingOf(guns, SECRET, "Den rätta Per");
    await guns.getByRole("link", { name: m("seal.accept") }).click();
    await guns.getByRole("button", { name: m("accept.act") }).click();
    await guns.getByRole("alertdialog").getByRole("button", { name: m("accept.act") }).click();
    await expect(guns.getByText(m("accept.done.title", { who: per.address }))).toBeVisible();
    await goTo(guns, "inbox", m);
    await open(guns, "Den rätta Per");
    await expect(guns.getByRole("article")).toContainText(SECRET);
  });
});

test.describe("a key whose digits differ", () => {
  test("has no seal, on the page, in a conversation and on paper, and is not written to, until they match", async ({ visit, newcomer, m }) => {
    test.slow();
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const id = await per.terminal.send({ to: [gun.address], subject: "Trappan", text: SECRET });
    await gun.terminal.read(id);
    await gun.terminal.send({ to: [per.address], subject: "Svar om trappan", text: "Tack", answers: id });
    const guns = await visit(gun);
    const letter = guns.getByRole("article");
    await open(guns, "Trappan");
    await expect(letter.locator(".wax")).toHaveCount(1);

    await guns.goto(`/compare#${per.address}`);
    await guns.getByRole("button", { name: m("compare.differ"), exact: true }).click();
    await expect(guns.getByText(m("compare.differs.title"))).toBeVisible();
    await expect(guns.getByText(m("compare.why.differs"))).toBeVisible();
    await expect(guns.getByText(m("key.differs"), { exact: true })).toBeVisible();

    await goTo(guns, "sent", m);
    await open(guns, "Svar om trappan");
    await expect(letter).toContainText(m("seal.reader_differs_text"));
    const earlier = guns.getByRole("region", { name: m("letter.earlier") });
    await expect(earlier).toContainText(m("key.differs"));
    await earlier.getByText(SECRET).click();
    await expect(earlier).toContainText(m("seal.differs"));
    await expect(letter.locator(".wax")).toHaveCount(0);

    await guns.goto("/mail/inbox");
    await expect(row(guns, "Trappan")).toContainText(m("key.differs"));
    await open(guns, "Trappan");
    await expect(letter.getByText(m("seal.differs"))).toBeVisible();
    await expect(letter.locator(".wax")).toHaveCount(0);
    await guns.emulateMedia({ media: "print" });
    await expect(letter.getByText(m("seal.differs"))).toBeVisible();
    await guns.emulateMedia({ media: "screen" });

    await letter.getByRole("link", { name: m("letter.answer") }).filter({ visible: true }).first().click();
    await expect(readers(guns, m)).toContainText(m("key.differs"));
    await expect(guns.getByText(m("write.digits_differ_text"))).toBeVisible();
    await guns.getByRole("button", { name: m("write.send") }).click();
    await expect(guns.getByRole("alert").filter({ hasText: per.address })).toContainText(m("problem.digits_differ.do"));
    expect(await per.terminal.list()).toHaveLength(1);

    await guns.getByRole("link", { name: m("write.compare_again") }).click();
    await guns.getByRole("button", { name: m("compare.again") }).click();
    await guns.getByRole("button", { name: m("compare.match") }).click();
    await expect(guns.getByText(m("compare.done.text"), { exact: true })).toBeVisible();
    await goTo(guns, "inbox", m);
    await open(guns, "Trappan");
    await expect(letter.locator(".wax")).toHaveCount(1);
  });
});

test.describe("a letter that could not be checked yet", () => {
  test("is not called damaged, and is shown once its sender's key was fetched", async ({ visit, newcomer, m, watch }) => {
    watch.expect(NO_NETWORK);
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await guns.context().route(CERTIFICATES, (route) => route.abort());
    await per.terminal.send({ to: [gun.address], subject: "Trappan", text: SECRET });
    await expect(row(guns, m("list.not_now"))).toContainText(m("list.not_now_line"));
    await showsNothingOf(guns, "Trappan", SECRET);
    expect(await inRed(guns)).toEqual([]);
    await guns.context().unroute(CERTIFICATES);
    await guns.reload();
    await open(guns, "Trappan");
    await expect(guns.getByRole("article")).toContainText(SECRET);
  });
});

test.describe("a letter that was damaged", () => {
  test("is not shown, and can be thrown away", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    const liar = new Liar(guns.context());
    await liar.changesContents();
    await per.terminal.send({ to: [gun.address], subject: "Trappan", text: `Det är så här.\n${SECRET}` });
    await row(guns, "Trappan").click();
    await expect(guns.getByText(m("damage.damaged"))).toBeVisible();
    await expect(guns.getByText(m("damage.damaged_text"))).toBeVisible();
    await showsNothingOf(guns, SECRET);
    await expect(guns.getByRole("link", { name: m("letter.answer") })).toHaveCount(0);
    await guns.getByRole("button", { name: m("letter.bin") }).click();
    await expect(row(guns, "Trappan")).toHaveCount(0);
    await liar.repents();
    await expect.poll(() => gun.terminal.list("trash")).toHaveLength(1);
  });

  test("says nothing of itself in the list, and is in nobody's way", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    const liar = new Liar(guns.context());
    await liar.changesEnvelopes();
    await per.terminal.send({ to: [gun.address], subject: "Trappan", text: SECRET });
    await expect(row(guns, m("list.damaged"))).toBeVisible();
    await showsNothingOf(guns, "Trappan", SECRET);
    await liar.repents();
    await per.terminal.send({ to: [gun.address], subject: "Hel", text: "Den här går att läsa" });
    await open(guns, "Hel");
    await expect(guns.getByRole("article")).toContainText("Den här går att läsa");
  });
});

test.describe("one's own certificate, replaced in the directory", () => {
  test("is told on every page until it is right again", async ({ page, context, server, newcomer, m }) => {
    const gun = await newcomer("Gun Berg");
    const liar = new Liar(context);
    await liar.givesForAddress(gun.address, await impostor(gun));
    await enter(page, server, gun, m);
    await expect(page.getByText(m("own_certificate.title"))).toBeVisible();
    await expect(page.getByText(m("own_certificate.do"))).toBeVisible();
    await goTo(page, "sent", m);
    await expect(page.getByText(m("own_certificate.title"))).toBeVisible();
    await page.getByRole("link", { name: m("own_certificate.show") }).click();
    await expect(page.getByText(m("own_key.differs.title"))).toBeVisible();
    await liar.repents();
  });
});

async function showsNothingOf(page: Page, ...hidden: string[]): Promise<void> {
  const shown = await page.content();
  for (const words of hidden) expect(shown).not.toContain(words);
}
