// One letter to several people: where they see each other, where one is hidden, where each gets their own; and a letter for
// another day.
import { isPhone } from "../house/entering.ts";
import { expect, test } from "../house/test.ts";
import { addReader, goTo, open, readers, row, send, text, toast, write } from "../house/writing.ts";

test("each gets a letter of their own, and the draft of them comes back as it was", async ({ visit, newcomer, m }) => {
  const [anna, per, eva] = [await newcomer("Anna Ek"), await newcomer("Per Ek"), await newcomer("Eva Ås")];
  const annas = await visit(anna);
  await write(annas, { to: [per.address], subject: "Kallelse", text: "Välkommen." }, m);
  const each = annas.getByRole("checkbox", { name: m("write.each") });
  await expect(each).toHaveCount(0);
  await annas.getByRole("button", { name: m("write.add_bcc") }).click();
  const bcc = annas.getByRole("combobox", { name: m("write.bcc") });
  await expect(bcc).toBeFocused();
  await bcc.fill(eva.address);
  await bcc.press("Enter");
  await each.check();
  await expect(readers(annas, m)).toHaveCount(2);
  await expect(bcc).toHaveCount(0);
  await annas.getByRole("button", { name: m("write.send") }).click();
  await toast(annas, m).getByRole("button", { name: m("action.undo") }).click();
  await expect(each).toBeChecked();
  await expect(readers(annas, m)).toHaveCount(2);
  await send(annas, m);

  for (const reader of [per, eva]) {
    await expect.poll(() => reader.terminal.list()).toMatchObject([{ subject: "Kallelse" }]);
    const [letter] = await reader.terminal.list();
    const other = reader === per ? eva : per;
    expect(JSON.stringify(await reader.terminal.read(letter?.id ?? ""))).not.toContain(other.address);
  }
  await goTo(annas, "sent", m);
  await expect(row(annas, "Kallelse")).toHaveCount(1);
  await expect(row(annas, "Kallelse")).toContainText(per.address);
  await row(annas, "Kallelse").click();
  await expect(text(annas).getByText(m("seal.each"))).toBeVisible();
  for (const { address } of [per, eva]) await expect(text(annas).getByRole("listitem").filter({ hasText: address })).toBeVisible();
  await text(annas).getByRole("button", { name: m("withdraw.open") }).click();
  await annas.getByRole("alertdialog").getByRole("button", { name: m("withdraw.do") }).click();
  for (const reader of [per, eva]) await expect.poll(() => reader.terminal.list()).toMatchObject([{ error: "withdrawn" }]);
});

test("a blind copy is told to its reader, and is hidden from the others", async ({ visit, newcomer, m }) => {
  const [anna, per, eva] = [await newcomer("Anna Ek"), await newcomer("Per Ek"), await newcomer("Eva Ås")];
  const annas = await visit(anna);
  await write(annas, { to: [], subject: "Intyget", text: "Se nedan." }, m);
  await annas.getByRole("button", { name: m("write.add_bcc") }).click();
  const bcc = annas.getByRole("combobox", { name: m("write.bcc") });
  await bcc.fill(eva.address);
  await bcc.press("Enter");
  await annas.getByRole("button", { name: m("write.send") }).click();
  await expect(annas.getByText(m("error.only_bcc")).first()).toBeVisible();
  await addReader(annas, per.address, m);
  await expect(annas.getByText(m("write.hidden", { names: eva.address }))).toBeVisible();
  await send(annas, m);

  const evas = await visit(eva);
  await open(evas, "Intyget");
  await expect(text(evas).getByText(m("letter.bcc_to_you"))).toBeVisible();
  await expect(text(evas).getByRole("link", { name: m("letter.answer_all") })).toHaveCount(0);
  const [pers] = await per.terminal.list();
  expect(JSON.stringify(await per.terminal.read(pers?.id ?? ""))).not.toContain(eva.address);
});

test("a letter waits for the day that was chosen, and can go at once or come back", async ({ visit, newcomer, m }) => {
  const [anna, per] = [await newcomer("Anna Ek"), await newcomer("Per Ek")];
  const annas = await visit(anna);
  for (const subject of ["Sedan", "Nu"]) {
    await write(annas, { to: [per.address], subject, text: "Vi ses." }, m);
    await annas.getByRole("button", { name: m("later.open") }).click();
    const dialog = annas.getByRole("dialog");
    const time = dialog.getByLabel(m("later.other"));
    await time.fill("2020-01-01T08:00");
    await dialog.getByRole("button", { name: m("later.do") }).click();
    await expect(dialog.getByText(m("later.past"))).toBeVisible();
    await dialog.getByRole("button").filter({ hasText: m("when.tomorrow", { time: "" }) }).first().click();
    await expect(toast(annas, m).getByText(m("outbox.later", { when: "" }))).toBeVisible();
  }
  await goTo(annas, "sent", m);
  await expect(row(annas, "Sedan")).toContainText(m("tag.sent_later", { when: "" }).trim());
  await open(annas, "Nu");
  await text(annas).getByRole("button", { name: m("outbox.now") }).click();
  await toast(annas, m).getByRole("button", { name: m("outbox.now") }).click();
  await expect.poll(() => per.terminal.list()).toMatchObject([{ subject: "Nu" }]);
  if (isPhone(annas)) await annas.goBack();
  await goTo(annas, "sent", m);
  await open(annas, "Sedan");
  await text(annas).getByRole("button", { name: m("letter.take_back"), exact: true }).click();
  await expect(annas.getByRole("textbox", { name: m("write.subject") })).toHaveValue("Sedan");
  expect(await per.terminal.list()).toHaveLength(1);
});
