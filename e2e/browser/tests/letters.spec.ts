// The same letter in the browser: written, read, answered, binned, erased, seen by both sides at once.
import { readFile } from "node:fs/promises";
import { inMailbox } from "../house/entering.ts";
import { inRed } from "../house/looks.ts";
import { expect, test } from "../house/test.ts";
import { addReader, goTo, open, pasteHere, readers, row, send, text, toast, write } from "../house/writing.ts";

test.describe("two people who are both there", () => {
  test("write, read and answer, and each sees the other's moves without reloading", async ({ visit, server, m }) => {
    const [anna, bjorn] = [await server.person("anna"), await server.person("bjorn")];
    const [annas, bjorns] = [await visit(anna), await visit(bjorn)];

    await write(annas, { to: [bjorn.address], subject: "Provsvar", text: "Hej Björn!\n\nAlla värden är fina." }, m);
    await expect(readers(annas, m)).toContainText(m("key.new"));
    await expect(annas.getByText(m("write.key_is_new", { name: bjorn.address }))).toBeVisible();
    await send(annas, m);

    await expect(row(bjorns, "Provsvar")).toBeVisible();
    await expect(row(bjorns, "Provsvar")).toContainText(m("list.unread"));
    await expect(row(bjorns, "Provsvar")).toContainText(anna.address);
    await expect(bjorns).toHaveTitle(/^\(1\) /);
    await open(bjorns, "Provsvar");
    await expect(text(bjorns)).toContainText("Alla värden är fina.");
    await expect(text(bjorns)).toContainText(m("seal.new"));
    await expect(bjorns).toHaveTitle(/^[^(]/);

    await goTo(annas, "sent", m);
    await expect(row(annas, "Provsvar")).toContainText(m("tag.read", { when: "" }).trim());
    await expect(row(annas, "Provsvar")).toContainText(m("level.phone"));
    await expect(text(bjorns), "the receipt came back, and the new key is still one").toContainText(m("seal.new"));

    await bjorns.getByRole("link", { name: m("letter.answer") }).filter({ visible: true }).first().click();
    await expect(bjorns.getByRole("heading", { level: 1, name: m("write.answer") })).toBeVisible();
    await expect(bjorns.getByRole("textbox", { name: m("write.text") })).toBeFocused();
    await expect(readers(bjorns, m)).toContainText(anna.name);
    await bjorns.getByRole("textbox", { name: m("write.text") }).fill("Tack Anna, vad skönt att höra.");
    await goTo(annas, "inbox", m);
    await send(bjorns, m);

    const answer = m("write.answer_subject", { subject: "Provsvar" });
    await expect(row(annas, answer)).toBeVisible();
    await open(annas, answer);
    await expect(text(annas)).toContainText("vad skönt att höra");
    const earlier = annas.getByRole("region", { name: m("letter.earlier") });
    await expect(earlier).toContainText("Hej Björn!");
    await earlier.getByText("Hej Björn!").click();
    await expect(earlier).toContainText("Alla värden är fina.");
  });

  test("share one conversation between page and command line", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await write(guns, { to: [per.address], subject: "Nyckeln", text: "Ligger under mattan." }, m);
    await send(guns, m);

    const [letter] = await per.terminal.list();
    expect(letter).toMatchObject({ subject: "Nyckeln", from: gun.address, read: false });
    const id = letter?.id ?? "";
    expect((await per.terminal.read(id)).text).toContain("Ligger under mattan.");
    await goTo(guns, "sent", m);
    await expect(row(guns, "Nyckeln")).toContainText(m("tag.read", { when: "" }).trim());

    await goTo(guns, "inbox", m);
    await per.terminal.send({ to: [gun.address], subject: "Re: Nyckeln", text: "Hittade den.", answers: id });
    await expect(row(guns, "Re: Nyckeln")).toBeVisible();
    await open(guns, "Re: Nyckeln");
    await expect(text(guns)).toContainText("Hittade den.");
    await guns.getByRole("link", { name: m("letter.answer") }).filter({ visible: true }).first().click();
    await guns.getByRole("textbox", { name: m("write.text") }).fill("Bra.");
    await send(guns, m);
    const [newest] = await per.terminal.list();
    expect(await per.terminal.read(newest?.id ?? "")).toMatchObject({ text: expect.stringContaining("Bra."), key_state: "known" });
  });

  test("see what the same person does on another device", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    const id = await per.terminal.send({ to: [gun.address], subject: "Läst där", text: "Hej" });
    await expect(row(guns, "Läst där")).toContainText(m("list.unread"));
    await gun.terminal.read(id);
    await expect(row(guns, "Läst där")).not.toContainText(m("list.unread"));
    await gun.terminal.move(id, "trash");
    await expect(row(guns, "Läst där")).toHaveCount(0);
  });
});

/** What "live" means: over the event stream, since whoever has none asks once a minute. */
const LIVE = { timeout: 2_000 };

test("letters come by the event stream, and by nothing else", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const [guns, elsewhere] = [await visit(gun), await visit(gun)];
  let asked = 0;
  await guns.context().route("**/api/v1/events", () => void asked++); // neither answered nor refused
  await guns.reload();
  await inMailbox(guns, m);
  await expect.poll(() => asked).toBe(1);
  await per.terminal.send({ to: [gun.address], subject: "Utan ström", text: "Hej" });
  await expect(row(elsewhere, "Utan ström")).toBeVisible(LIVE);
  await expect(row(guns, "Utan ström")).toHaveCount(0);
  await guns.context().unroute("**/api/v1/events"); // lets it go on
  await expect(row(guns, "Utan ström")).toBeVisible();
  await per.terminal.send({ to: [gun.address], subject: "Med ström", text: "Hej" });
  await expect(row(guns, "Med ström")).toBeVisible(LIVE);
});

test.describe("a letter with several readers", () => {
  test("tells how many have read it, who, and as whom", async ({ visit, newcomer, m }) => {
    const [gun, per, eva] = [await newcomer("Gun Berg"), await newcomer("Per Ek"), await newcomer("Eva Ås")];
    const guns = await visit(gun);
    await write(guns, { to: [per.address, eva.address], subject: "Sammanträde", text: "Torsdag klockan tio." }, m);
    await expect(readers(guns, m)).toHaveCount(2);
    await send(guns, m);
    await goTo(guns, "sent", m);
    const [his] = await per.terminal.list();
    await per.terminal.read(his?.id ?? "");
    await expect(row(guns, "Sammanträde")).toContainText(m("tag.some_read", { read: 1, readers: 2 }));
    await open(guns, "Sammanträde");
    const status = guns.getByRole("region", { name: m("letter.status") }).getByRole("listitem");
    await expect(status.filter({ hasText: per.address })).toContainText(m("tag.read", { when: "" }).trim());
    await expect(status.filter({ hasText: eva.address })).not.toContainText(m("tag.read", { when: "" }).trim());
    await expect(status.filter({ hasText: per.address })).toContainText(m("level.phone"));
    await expect(status.filter({ hasText: eva.address })).not.toContainText(m("level.phone"));
    await expect(guns.getByText(m("letter.whose_word"))).toBeVisible();
  });

  test("is answered to all, or to its sender alone", async ({ visit, newcomer, m }) => {
    const [gun, per, eva] = [await newcomer("Gun Berg"), await newcomer("Per Ek"), await newcomer("Eva Ås")];
    await per.terminal.send({ to: [gun.address, eva.address], subject: "Fråga till er", text: "Vem kommer?" });
    const guns = await visit(gun);
    await open(guns, "Fråga till er");
    await guns.getByRole("link", { name: m("letter.answer_all") }).filter({ visible: true }).first().click();
    await expect(readers(guns, m)).toHaveCount(2);
    await guns.getByRole("textbox", { name: m("write.text") }).fill("Jag kommer.");
    await send(guns, m);
    for (const { terminal } of [per, eva]) {
      const [newest] = await terminal.list();
      expect(newest).toMatchObject({ from: gun.address, subject: m("write.answer_subject", { subject: "Fråga till er" }) });
    }

    await guns.getByRole("link", { name: m("letter.answer") }).filter({ visible: true }).first().click();
    await expect(readers(guns, m)).toHaveCount(1);
    await guns.getByRole("textbox", { name: m("write.text") }).fill("Säg inget till Eva.");
    await send(guns, m);
    const [[newest], evas] = [await per.terminal.list(), await eva.terminal.list()];
    expect((await per.terminal.read(newest?.id ?? "")).text).toContain("Säg inget till Eva.");
    expect(evas.filter(({ from }) => from === gun.address), "the first answer, and no other").toHaveLength(1);
  });
});

test.describe("whom a letter goes to", () => {
  test("is shown by chips, and one that is nobody's address stops the letter", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await write(guns, { to: [per.address, "ingen@demo.example", "bara@"], subject: "Till vem", text: "Hej" }, m);
    const chips = readers(guns, m);
    await expect(chips.nth(0)).toContainText(m("key.new"));
    await expect(chips.nth(1)).toContainText(m("chip.no_account"));
    await expect(chips.nth(2)).toContainText(m("chip.not_an_address"));
    await guns.getByRole("button", { name: m("write.send") }).click();
    const summary = guns.getByRole("alert").filter({ hasText: "ingen@demo.example" });
    await expect(summary).toBeFocused();
    expect(await inRed(guns)).not.toEqual([]);
    await expect(guns.getByRole("textbox", { name: m("write.text") })).toHaveValue("Hej");

    const to = guns.getByRole("combobox", { name: m("write.to") });
    await to.focus();
    for (let removed = 0; removed < 2; removed++) {
      await to.press("Backspace");
      await expect(chips.last().getByRole("button")).toBeFocused();
      await guns.keyboard.press("Backspace");
      await to.focus();
    }
    await expect(chips).toHaveCount(1);
    await send(guns, m);
    expect(await per.terminal.list()).toHaveLength(1);
  });

  test("is under no seal before it was checked, nor when nobody else can read", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    await guns.context().route("**/api/v1/directory/look-ups", async (route) => {
      await answered;
      await route.continue();
    });
    await write(guns, { to: [per.address], subject: "Till vem", text: "Hej" }, m);
    await expect(readers(guns, m)).toContainText(m("chip.looking"));
    await expect(guns.getByText(m("write.only_you_and_unknown"))).toBeAttached();
    await expect(guns.getByText(m("write.server_cannot"))).toHaveCount(0);
    answer();
    await expect(guns.getByText(m("write.key_is_new", { name: per.address }))).toBeVisible();

    for (const [nobodyElse, said] of [["ingen@demo.example", "write.only_you"], [gun.address, "write.to_yourself"]] as const) {
      await readers(guns, m).getByRole("button").click();
      await addReader(guns, nobodyElse, m);
      await expect(readers(guns, m)).not.toContainText(m("chip.looking"));
      await expect(guns.getByText(m(said), { exact: true })).toBeVisible();
    }
  });

  test("is suggested from those one has written with, and a pasted list is split", async ({ visit, newcomer, m }) => {
    const [gun, per, eva] = [await newcomer("Gun Berg"), await newcomer("Per Ek"), await newcomer("Eva Ås")];
    await gun.terminal.send({ to: [per.address], subject: "Förr", text: "Hej" });
    const guns = await visit(gun);
    await write(guns, { to: [], subject: "Igen", text: "Hej igen" }, m);
    const to = guns.getByRole("combobox", { name: m("write.to") });
    await addReader(guns, per.name, m); // a name is nobody until its person was picked, and the address seen
    await expect(guns.getByText(m("write.pick"))).toBeVisible();
    await expect(readers(guns, m)).toHaveCount(0);
    await to.fill("");
    await to.pressSequentially("per");
    await expect(guns.getByRole("option", { name: per.address })).toBeVisible();
    await to.press("ArrowDown");
    await to.press("Enter");
    await expect(readers(guns, m)).toContainText(m("key.known"));
    await pasteHere(guns, `Ås, Eva <${eva.address}>; "Berg, Gun" <${gun.address}>`);
    await expect(readers(guns, m)).toHaveCount(3);
  });

  test("and has no mailbox is told once, with a way on, however many they are", async ({ visit, newcomer, m }) => {
    const guns = await visit(await newcomer("Gun Berg"));
    await write(guns, { to: [], subject: "Till alla", text: "Hej" }, m);
    await guns.getByRole("combobox", { name: m("write.to") }).focus();
    await pasteHere(guns, Array.from({ length: 12 }, (_, number) => `ingen${String(number)}@demo.example`).join(", "));
    await expect(guns.getByText(m("strangers.title", { count: 12 }))).toBeVisible();
    await guns.getByRole("button", { name: m("write.send") }).click();
    const refused = guns.getByRole("alert").filter({ hasText: m("error.strangers", { count: 12 }) });
    await expect(refused).toBeFocused();
    await expect(refused.getByRole("listitem")).toHaveCount(1);
    await guns.getByRole("button", { name: m("strangers.remove") }).click();
    await expect(readers(guns, m)).toHaveCount(0);
  });

  test("and who gets a copy, is seen by all of them, and the writer is told so", async ({ visit, newcomer, m }) => {
    const [gun, per, eva] = [await newcomer("Gun Berg"), await newcomer("Per Ek"), await newcomer("Eva Ås")];
    const guns = await visit(gun);
    await write(guns, { to: [per.address], subject: "För kännedom", text: "Hej" }, m);
    await expect(guns.getByText(m("write.see_each_other"))).toHaveCount(0);
    await guns.getByRole("button", { name: m("write.add_cc") }).click();
    await expect(guns.getByRole("combobox", { name: m("write.cc") })).toBeFocused();
    await guns.keyboard.type(`${eva.address},`);
    await expect(guns.getByRole("list", { name: m("write.copies") })).toContainText(m("key.new"));
    await expect(guns.getByText(m("write.see_each_other"))).toBeVisible();
    await expect(guns).toHaveURL(/#[0-9a-f-]{36}$/);
    await guns.reload();
    await expect(guns.getByRole("list", { name: m("write.copies") })).toContainText(eva.address);
    await send(guns, m);
    for (const reader of [per, eva]) expect(await reader.terminal.list()).toMatchObject([{ to: [per.address, eva.address] }]);
  });
});

test.describe("the archive", () => {
  test("takes a letter, and gives it back while one may change one's mind, and later", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await per.terminal.send({ to: [gun.address], subject: "Kvittot", text: "Bra att ha" });
    const guns = await visit(gun);
    await open(guns, "Kvittot");
    await guns.getByRole("button", { name: m("letter.archive"), exact: true }).click();
    await expect(toast(guns, m)).toContainText(m("letter.archived"));
    await expect(row(guns, "Kvittot")).toHaveCount(0);
    await guns.getByRole("button", { name: m("action.undo") }).click();
    await expect(row(guns, "Kvittot")).toBeVisible();
    await expect.poll(() => gun.terminal.list("archive")).toEqual([]);

    await open(guns, "Kvittot");
    await guns.getByRole("button", { name: m("letter.archive"), exact: true }).click();
    await goTo(guns, "archive", m);
    await open(guns, "Kvittot");
    await guns.getByRole("button", { name: m("letter.put_back") }).click();
    await expect(guns.getByText(m("empty.archive"), { exact: true })).toBeVisible();
    await expect.poll(() => gun.terminal.list()).toHaveLength(1);
  });

  test("has what was put there at a terminal, is answered from, and binned from", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const id = await per.terminal.send({ to: [gun.address], subject: "Kvittot", text: "Bra att ha" });
    const guns = await visit(gun);
    await expect(row(guns, "Kvittot")).toBeVisible();
    await gun.terminal.move(id, "archive");
    await expect(row(guns, "Kvittot")).toHaveCount(0);
    await goTo(guns, "archive", m);
    await open(guns, "Kvittot");
    await expect(guns.getByRole("link", { name: m("letter.answer") }).filter({ visible: true })).not.toHaveCount(0);
    await guns.getByRole("button", { name: m("letter.bin") }).click();
    await expect(toast(guns, m)).toContainText(m("letter.binned"));
    await expect.poll(() => gun.terminal.list("trash")).toHaveLength(1);
    await guns.getByRole("button", { name: m("action.undo") }).click();
    await expect(row(guns, "Kvittot")).toBeVisible();
    await expect.poll(() => gun.terminal.list("archive")).toHaveLength(1);
  });
});

test.describe("throwing away", () => {
  test("moves a letter to the trash, and back while one may change one's mind", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await per.terminal.send({ to: [gun.address], subject: "Reklam", text: "Köp nu" });
    const guns = await visit(gun);
    await open(guns, "Reklam");
    await guns.getByRole("button", { name: m("letter.bin") }).click();
    await expect(toast(guns, m)).toContainText(m("letter.binned"));
    await expect(row(guns, "Reklam")).toHaveCount(0);
    await guns.getByRole("button", { name: m("action.undo") }).click();
    await expect(row(guns, "Reklam")).toBeVisible();
    await expect.poll(() => gun.terminal.list("trash")).toEqual([]);

    await open(guns, "Reklam");
    await guns.getByRole("button", { name: m("letter.bin") }).click();
    await goTo(guns, "trash", m);
    await open(guns, "Reklam");
    await guns.getByRole("button", { name: m("letter.put_back") }).click();
    await expect(guns.getByText(m("empty.trash"), { exact: true })).toBeVisible();
    await expect.poll(() => gun.terminal.list()).toHaveLength(1);
  });

  test("erases only after asking, and reports each step as the server took it", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await gun.terminal.move(await per.terminal.send({ to: [gun.address], subject: "Från någon", text: "Bort" }), "trash");
    await gun.terminal.move(await gun.terminal.send({ to: [gun.address], subject: "Till mig", text: "Bort" }), "trash");
    const guns = await visit(gun);
    await goTo(guns, "trash", m);
    await guns.getByRole("button", { name: m("trash.empty") }).click();
    const asked = guns.getByRole("alertdialog", { name: m("trash.ask", { count: 2 }) });
    await expect(asked.getByRole("button", { name: m("trash.keep", { count: 2 }) })).toBeFocused();
    await guns.keyboard.press("Escape");
    await expect(guns.getByRole("button", { name: m("trash.empty") })).toBeFocused();
    expect(await gun.terminal.list("trash")).toHaveLength(2);

    await guns.getByRole("button", { name: m("trash.empty") }).click();
    await asked.getByRole("button", { name: m("trash.erase", { count: 2 }) }).click();
    await expect(guns.getByRole("heading", { level: 1, name: m("receipt.title", { count: 2 }) })).toBeFocused();
    for (const step of ["receipt.keys_destroyed", "receipt.letters_overwritten", "receipt.log_overwritten"] as const) {
      await expect(guns.getByRole("listitem").filter({ hasText: m(step) })).toContainText(m("receipt.step_taken"));
    }
    await expect(guns.getByText(m("receipt.cannot"))).toBeVisible();
    expect(await gun.terminal.list("trash")).toEqual([]);
    await goTo(guns, "inbox", m);
    await goTo(guns, "trash", m);
    await expect(guns.getByText(m("empty.trash"), { exact: true })).toBeVisible();
  });
});

test.describe("a letter that is open", () => {
  test("is opened by its address in a tab of its own, and says when it is gone", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const id = await per.terminal.send({ to: [gun.address], subject: "Länkad", text: "Hit" });
    const guns = await visit(gun);
    const tab = await guns.context().newPage();
    await tab.goto(`/mail/inbox#${id}`);
    await expect(tab.getByRole("heading", { level: 1, name: "Länkad" })).toBeVisible();
    await gun.terminal.move(id, "trash");
    await gun.terminal.emptyTrash();
    await tab.reload();
    await expect(tab.getByText(m("missing.title"))).toBeVisible();
    await expect(tab.getByText(m("missing.text"))).toBeVisible();
  });

  test("is saved as a file that its words stand in", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await per.terminal.send({ to: [gun.address], subject: "Att spara", text: "Plain words" });
    const guns = await visit(gun);
    await open(guns, "Att spara");
    await guns.getByRole("button", { name: m("letter.more") }).click();
    const [file] = await Promise.all([guns.waitForEvent("download"), guns.getByRole("button", { name: m("letter.save") }).click()]);
    expect(file.suggestedFilename()).toMatch(/\.eml$/);
    const saved = await readFile(await file.path(), "utf8");
    for (const words of ["Subject: Att spara", per.address, "Plain words"]) expect(saved).toContain(words);
    await expect(toast(guns, m)).toContainText(m("letter.saved", { name: file.suggestedFilename() }));
  });

  test("goes back to its line in the list", async ({ visit, newcomer }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    for (const subject of ["Första", "Andra"]) await per.terminal.send({ to: [gun.address], subject, text: "Hej" });
    const guns = await visit(gun);
    await open(guns, "Första");
    await guns.goBack();
    await expect(row(guns, "Första")).toBeFocused();
  });
});

