// A morning's work with many letters: found, marked, picked, put away, passed on, taken back.
import { isPhone } from "../house/entering.ts";
import { type Newcomer, expect, type Locator, type Page, test } from "../house/test.ts";
import { addReader, box, fromLetterMenu, goTo, open, row, send, text, toast } from "../house/writing.ts";

async function letters(from: Newcomer, to: Newcomer, ...subjects: string[]): Promise<void> {
  for (const subject of subjects) await from.terminal.send({ to: [to.address], subject, text: `Om ${subject}` });
}

function only(page: Page, filter: string): Locator {
  return page.getByRole("button", { name: filter, exact: true });
}

test("a letter is marked as unread and flagged, and found again by that", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await letters(per, gun, "Ett", "Två", "Tre");
  const guns = await visit(gun);
  await open(guns, "Två");
  await fromLetterMenu(guns, m("letter.flag"), m);
  await expect(text(guns).getByText(m("tag.flagged"))).toBeVisible();
  await fromLetterMenu(guns, m("letter.unread"), m);
  await expect(row(guns, "Två")).toContainText(m("list.unread"));
  await expect(row(guns, "Två")).toContainText(m("tag.flagged"));
  await open(guns, "Ett");
  if (isPhone(guns)) await guns.goBack();

  await only(guns, m("list.only_unread")).click();
  for (const subject of ["Två", "Tre"]) await expect(row(guns, subject)).toBeVisible();
  if (isPhone(guns)) await expect(row(guns, "Ett")).toHaveCount(0);
  await open(guns, "Tre");
  if (!isPhone(guns)) await expect(row(guns, "Tre"), "it stays while it is open").toBeVisible();
  if (isPhone(guns)) await guns.goBack();
  await only(guns, m("list.only_flagged")).click();
  await expect(row(guns, "Två")).toBeVisible();
  await expect.poll(() => gun.terminal.list()).toMatchObject([{ subject: "Tre", read: true }, { subject: "Två", read: false }, { subject: "Ett", read: true }]);
});

test("a letter that is open stays unread where another device marked it so", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await letters(per, gun, "Ett");
  const guns = await visit(gun);
  await open(guns, "Ett");
  await expect.poll(() => gun.terminal.list()).toMatchObject([{ read: true }]);
  const [letter] = await gun.terminal.list();
  await gun.terminal.markUnread(letter?.id ?? "");
  await letters(per, gun, "Två");
  if (isPhone(guns)) await guns.goBack();
  await expect(row(guns, "Två"), "the page has heard of what came later").toBeVisible();
  await expect(row(guns, "Ett")).toContainText(m("list.unread"));
  expect(await gun.terminal.list()).toMatchObject([{ subject: "Två" }, { subject: "Ett", read: false }]);
});

test("several are picked and put away at once, and taken back", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await letters(per, gun, "Ett", "Två", "Tre", "Fyra");
  const guns = await visit(gun);
  await guns.getByRole("button", { name: m("pick.begin"), exact: true }).click();
  await box(guns, "Fyra").click();
  await box(guns, "Två").click({ modifiers: ["Shift"] });
  await expect(guns.getByText(m("pick.count", { count: 3 }))).toBeVisible();
  await box(guns, "Tre").press("Space");
  await expect(guns.getByText(m("pick.count", { count: 2 }))).toBeVisible();
  await guns.getByRole("group", { name: m("pick.bar") }).getByRole("button", { name: m("letter.archive"), exact: true }).click();
  await expect(toast(guns, m)).toContainText(m("letters.archived", { count: 2 }));
  await expect(row(guns, "Tre"), "rows are opened again").toBeVisible();
  await expect(row(guns, "Fyra")).toHaveCount(0);
  await expect.poll(() => gun.terminal.list("archive")).toHaveLength(2);
  await toast(guns, m).getByRole("button", { name: m("action.undo") }).click();
  await expect(row(guns, "Fyra")).toBeFocused();
  await expect.poll(() => gun.terminal.list()).toHaveLength(4);

  await row(guns, "Ett").focus();
  await guns.keyboard.press("x");
  await expect(box(guns, "Ett")).toBeChecked();
  await guns.keyboard.press("Escape");
  await expect(guns.getByRole("checkbox")).toHaveCount(0);
});

test("a finger that rests on a letter picks it, and opens nothing", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await letters(per, gun, "Ett");
  const guns = await visit(gun);
  test.skip(!isPhone(guns), "needs a finger");
  await expect(row(guns, "Ett")).toBeVisible();
  const { x = 0, y = 0 } = (await row(guns, "Ett").boundingBox()) ?? {};
  const finger = await guns.context().newCDPSession(guns);
  await finger.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: x + 80, y: y + 30 }] });
  await expect(box(guns, "Ett")).toBeChecked();
  await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await expect(guns).toHaveURL("/mail/inbox");
  await expect(guns.getByText(m("pick.count", { count: 1 }))).toBeVisible();
});

test("one is put back from the trash, to where it belongs", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await letters(per, gun, "Kom");
  await letters(gun, per, "Gick");
  const guns = await visit(gun);
  for (const folder of ["inbox", "sent"] as const) {
    const [letter] = await gun.terminal.list(folder);
    await gun.terminal.move(letter?.id ?? "", "trash");
  }
  await goTo(guns, "trash", m);
  await guns.getByRole("button", { name: m("pick.begin"), exact: true }).click();
  await guns.getByRole("button", { name: m("pick.all") }).click();
  await guns.getByRole("button", { name: m("letter.put_back") }).click();
  await expect.poll(() => gun.terminal.list()).toMatchObject([{ subject: "Kom" }]);
  await expect.poll(() => gun.terminal.list("sent")).toMatchObject([{ subject: "Gick" }]);
});

test("a letter is passed on, and says whose words they are", async ({ visit, newcomer, m }) => {
  const [gun, per, eva] = [await newcomer("Gun Berg"), await newcomer("Per Ek"), await newcomer("Eva Ås")];
  await letters(per, gun, "Nycklarna");
  const guns = await visit(gun);
  await open(guns, "Nycklarna");
  await fromLetterMenu(guns, m("letter.forward"), m);
  await expect(guns.getByRole("textbox", { name: m("write.subject") })).toHaveValue(m("write.forward_subject", { subject: "Nycklarna" }));
  await addReader(guns, eva.address, m);
  await send(guns, m);
  const [letter] = await eva.terminal.list();
  const passedOn = await eva.terminal.read(letter?.id ?? "");
  expect(passedOn.text).toContain(`${m("paper.from")}: Per Ek <${per.address}>`);
  expect(passedOn.text).toContain("Om Nycklarna");
  expect(passedOn.in_reply_to).toBeNull();
});
