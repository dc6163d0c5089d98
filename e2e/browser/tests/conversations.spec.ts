// A conversation is one row of a folder: the letters of it that lie there, and what is done with the row is done with them.
import { isPhone } from "../house/entering.ts";
import { expect, type Locator, type Newcomer, type Page, test } from "../house/test.ts";
import { goTo, open, row, text, toast } from "../house/writing.ts";

/** A letter, and two more by the same hand in its thread. */
async function threeLetters(from: Newcomer, to: Newcomer): Promise<void> {
  const first = await from.terminal.send({ to: [to.address], subject: "Nycklarna", text: "Jag har tappat dem." });
  for (const said of ["De låg i bilen.", "Och nu är de borta igen."]) {
    await from.terminal.send({ to: [to.address], subject: "Re: Nycklarna", text: said, answers: first });
  }
}

function rows(page: Page): Locator {
  return page.getByRole("main").getByRole("listitem").getByRole("link");
}

function folded(page: Page, heading: string): Locator {
  return text(page).getByRole("region", { name: heading }).getByRole("group");
}

test("letters of one conversation are one row, which opens with the oldest that was not read", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await threeLetters(per, gun);
  await per.terminal.send({ to: [gun.address], subject: "Något annat", text: "Hej." });
  const guns = await visit(gun);
  await expect(rows(guns)).toHaveCount(2);
  const nycklarna = row(guns, "Nycklarna");
  await expect(nycklarna).toContainText(m("nav.letters", { count: 3 }));
  await expect(nycklarna, "it shows its newest letter").toContainText("Re: Nycklarna");
  await expect(row(guns, "Något annat")).not.toContainText(m("nav.letters", { count: 1 }));

  await nycklarna.click();
  await expect(text(guns).getByRole("heading", { level: 1, name: "Nycklarna", exact: true })).toBeVisible();
  await expect(text(guns).getByText("Jag har tappat dem.")).toBeVisible();
  await expect(folded(guns, m("letter.later"))).toHaveCount(2);
  if (!isPhone(guns)) await expect(nycklarna, "two are not read yet").toContainText(m("list.unread"));
  await folded(guns, m("letter.later")).first().click();
  await expect(text(guns).getByText("De låg i bilen.").last()).toBeVisible();
  if (isPhone(guns)) await guns.goBack();
  await nycklarna.click();
  await expect(folded(guns, m("letter.earlier"))).toHaveCount(2);
  if (isPhone(guns)) await guns.goBack();
  await expect(nycklarna).not.toContainText(m("list.unread"));
  await expect.poll(async () => (await gun.terminal.list()).filter((letter) => !letter.read)).toMatchObject([{ subject: "Något annat" }]);
});

test("what is done with a row is done with its letters in this folder, and taken back", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await threeLetters(per, gun);
  const [newest] = await gun.terminal.list();
  await gun.terminal.send({ to: [per.address], subject: "Re: Nycklarna", text: "Leta i fickan.", answers: newest?.id ?? "" });
  const guns = await visit(gun);
  await row(guns, "Nycklarna").focus();
  await guns.keyboard.press("f");
  await expect(row(guns, "Nycklarna")).toContainText(m("tag.flagged"));
  await guns.getByRole("button", { name: m("list.only_flagged"), exact: true }).click();
  await expect(rows(guns)).toHaveCount(1);
  await row(guns, "Nycklarna").focus();
  await guns.keyboard.press("e");
  await expect(toast(guns, m)).toContainText(m("letters.archived", { count: 3 }));
  await expect.poll(() => gun.terminal.list("archive")).toHaveLength(3);
  expect(await gun.terminal.list("sent"), "her own answer stays where it is").toHaveLength(1);
  await toast(guns, m).getByRole("button", { name: m("action.undo") }).click();
  await expect(row(guns, "Nycklarna")).toBeFocused();
  await expect.poll(() => gun.terminal.list("archive")).toHaveLength(0);
  expect(await gun.terminal.list()).toHaveLength(3);

  await open(guns, "Nycklarna");
  await guns.getByRole("group", { name: m("letter.tools") }).getByRole("button", { name: m("letter.bin") }).click();
  await expect(toast(guns, m)).toContainText(m("letters.binned", { count: 3 }));
  await expect.poll(() => gun.terminal.list("trash")).toHaveLength(3);
  expect(await gun.terminal.list("sent")).toHaveLength(1);
});

test("rows are picked and erased by their letters, in the trash too", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await threeLetters(per, gun);
  await per.terminal.send({ to: [gun.address], subject: "Något annat", text: "Hej." });
  const guns = await visit(gun);
  await guns.getByRole("button", { name: m("pick.begin"), exact: true }).click();
  await guns.getByRole("checkbox", { name: "Nycklarna" }).click();
  const bar = guns.getByRole("group", { name: m("pick.bar") });
  await expect(bar).toContainText(m("pick.count", { count: 3 }));
  await guns.getByRole("checkbox", { name: "Något annat" }).click();
  await expect(bar).toContainText(m("pick.count", { count: 4 }));
  await bar.getByRole("button", { name: m("letter.bin"), exact: true }).click();
  await expect.poll(() => gun.terminal.list("trash")).toHaveLength(4);

  await goTo(guns, "trash", m);
  await expect(rows(guns)).toHaveCount(2);
  await open(guns, "Nycklarna");
  await expect(folded(guns, m("letter.later")), "what goes with it").toHaveCount(2);
  await text(guns).getByRole("button", { name: m("trash.erase_some") }).click();
  await guns.getByRole("alertdialog").getByRole("button", { name: m("trash.erase", { count: 3 }) }).click();
  await expect(guns.getByRole("heading", { name: m("receipt.title", { count: 3 }) })).toBeVisible();
  expect(await gun.terminal.list("trash")).toMatchObject([{ subject: "Något annat" }]);
});

test("a row of the trash is put back to where each letter of it belongs", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const asked = await gun.terminal.send({ to: [per.address], subject: "Fråga", text: "När?" });
  await per.terminal.list();
  await per.terminal.send({ to: [gun.address], subject: "Re: Fråga", text: "Nu.", answers: asked });
  const [answer] = await gun.terminal.list();
  for (const id of [asked, answer?.id ?? ""]) await gun.terminal.move(id, "trash");
  const guns = await visit(gun);
  await goTo(guns, "trash", m);
  await expect(rows(guns)).toHaveCount(1);
  await row(guns, "Fråga").click();
  await guns.getByRole("group", { name: m("letter.tools") }).getByRole("button", { name: m("letter.put_back") }).click();
  await expect.poll(() => gun.terminal.list("sent")).toMatchObject([{ subject: "Fråga" }]);
  expect(await gun.terminal.list()).toMatchObject([{ subject: "Re: Fråga" }]);
});
