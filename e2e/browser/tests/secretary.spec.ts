// A secretary's whole morning, with forty letters that wait for her: everything is done in one browser, and is so on her phone
// and with everybody she wrote to.
import { isPhone, network } from "../house/entering.ts";
import { expect, type Newcomer, type Page, test } from "../house/test.ts";
import { NO_NETWORK } from "../house/watch.ts";
import type { Words } from "../house/words.ts";
import { addReader, box, fromLetterMenu, goTo, open, row, send, toast, write } from "../house/writing.ts";

const WRITERS = ["Per Ek", "Eva Ås", "Bo Lind", "Siv Dahl"];
const EACH = 10;
/** With those who have written, twelve who are called to a meeting, each by a letter of their own. */
const CALLED = ["Ada Ek", "Ulf Berg", "Ida Ström", "Leo Falk", "Mia Lund", "Nils Hed", "Olga Sand", "Rut Alm"];
const PHONE = { width: 390, height: 844 };
/** Longer than the server holds a letter. */
const HELD = { timeout: 45_000 };

test.setTimeout(120_000);

test("a morning of forty letters leaves every folder, every device and every reader as it should", async ({ visit, newcomer, m, watch }) => {
  watch.expect(NO_NETWORK);
  const gun = await newcomer("Gun Berg");
  const patients = await Promise.all(WRITERS.map((name) => newcomer(name)));
  const [per, eva, bo, siv] = patients as [Newcomer, Newcomer, Newcomer, Newcomer];
  // In turn, so that it is known which one lies where: the newest on top.
  const waiting: string[] = [];
  for (let number = 1; number <= EACH; number++) {
    for (const patient of patients) {
      const subject = `${patient.name}, ärende ${String(number).padStart(2, "0")}`;
      await patient.terminal.send({ to: [gun.address], subject, text: `Hej! Det gäller ärende ${number}.` });
      waiting.unshift(subject);
    }
  }
  const [first, onHerPhone] = [await visit(gun), await visit(gun)];
  await onHerPhone.setViewportSize(PHONE);
  await expect(first).toHaveTitle(/^\(40\) /);

  await closeTheLid(first, per, m);
  const guns = await first.context().newPage();
  await guns.goto("/mail/inbox");
  await expect(guns).toHaveTitle(/^\(40\) /);

  const [answered, passedOn, flagged, rest] = [waiting.slice(0, 5), waiting.slice(5, 7), waiting.slice(7, 10), waiting.slice(10)];
  for (const subject of answered) await answer(guns, subject, m);
  for (const subject of passedOn) await passOn(guns, subject, eva, m);
  await flag(guns, flagged, m);
  const filed = [...answered, ...passedOn, ...rest.slice(0, 3)];
  await file(guns, filed, m);
  await takeOneBack(guns, bo, m);
  await writeWithoutNetwork(guns, siv, m);
  const called = [...patients, ...(await Promise.all(CALLED.map((name) => newcomer(name))))];
  await sendSeparately(guns, called, m);

  const answers = (from: Newcomer) => answered.filter((subject) => subject.startsWith(from.name)).map((subject) => m("write.answer_subject", { subject }));
  const forwards = passedOn.map((subject) => m("write.forward_subject", { subject }));
  const got = new Map([
    [per, [...answers(per), LID]],
    [eva, [...answers(eva), ...forwards]],
    [bo, [...answers(bo), TAKEN_BACK]],
    [siv, [...answers(siv), OFFLINE]],
  ]);
  for (const reader of called) got.set(reader, [...(got.get(reader) ?? []), SEPARATELY]);
  for (const [reader, subjects] of got) {
    await expect.poll(async () => (await reader.terminal.list()).map(({ subject }) => subject).toSorted(), HELD).toEqual(subjects.toSorted());
  }
  const [corrected] = (await bo.terminal.list()).filter(({ subject }) => subject === TAKEN_BACK);
  expect((await bo.terminal.read(corrected?.id ?? "")).text).toContain("klockan elva");

  for (const page of [onHerPhone, guns]) {
    await goTo(page, "inbox", m);
    await expect(page).toHaveTitle(/^\(30\) /);
    await shows(page, 30, [...flagged, ...rest.slice(3)].slice(0, 4));
    await page.getByRole("button", { name: m("list.only_flagged"), exact: true }).click();
    await shows(page, 3, flagged);
    await goTo(page, "archive", m);
    await shows(page, 10, filed.slice(0, 4));
    await goTo(page, "drafts", m);
    await expect(page.getByText(m("empty.drafts"), { exact: true })).toBeVisible();
    await goTo(page, "sent", m);
    // What went to each is one line to its sender.
    await shows(page, [...got.values()].flat().length - called.length + 1, [SEPARATELY, OFFLINE, TAKEN_BACK]);
    await expect(row(page, TAKEN_BACK)).toContainText(m("tag.read", { when: "" }).trim());
  }
});

const LID = "Tiden är flyttad";
const TAKEN_BACK = "Samling på fredag";
const OFFLINE = "Blanketten";
const SEPARATELY = "Kallelse";

/** The tab is gone as soon as the server has the letter, and nobody has pressed "Send now". */
async function closeTheLid(page: Page, to: Newcomer, m: Words): Promise<void> {
  await write(page, { to: [to.address], subject: LID, text: "Du får en ny tid på måndag." }, m);
  const posted = page.waitForResponse((response) => response.url().endsWith("/api/v1/letters") && response.ok());
  await page.getByRole("button", { name: m("write.send") }).click();
  await posted;
  await page.close();
}

async function answer(page: Page, subject: string, m: Words): Promise<void> {
  await open(page, subject);
  await page.getByRole("link", { name: m("letter.answer") }).filter({ visible: true }).first().click();
  await expect(page.getByRole("textbox", { name: m("write.text") })).toBeFocused();
  await page.keyboard.type("Tack, det är ordnat.");
  await send(page, m);
  await backToTheList(page, m);
}

async function passOn(page: Page, subject: string, to: Newcomer, m: Words): Promise<void> {
  await open(page, subject);
  await fromLetterMenu(page, m("letter.forward"), m);
  await addReader(page, to.address, m);
  await send(page, m);
}

/** Without opening them: they stay unread. */
async function flag(page: Page, subjects: readonly string[], m: Words): Promise<void> {
  await page.getByRole("button", { name: m("pick.begin"), exact: true }).click();
  for (const subject of subjects) await box(page, subject).click();
  const acts = page.getByRole("group", { name: m("pick.bar") });
  await acts.getByRole("button", { name: m("letter.flag"), exact: true }).click();
  await expect(acts.getByRole("button", { name: m("letter.unflag"), exact: true })).toBeVisible();
  await page.keyboard.press("Escape");
  for (const subject of subjects) await expect(row(page, subject)).toContainText(m("tag.flagged"));
}

async function file(page: Page, subjects: readonly string[], m: Words): Promise<void> {
  await page.getByRole("button", { name: m("pick.begin"), exact: true }).click();
  for (const subject of subjects) await box(page, subject).click();
  await expect(page.getByText(m("pick.count", { count: subjects.length }))).toBeVisible();
  await page.getByRole("group", { name: m("pick.bar") }).getByRole("button", { name: m("letter.archive"), exact: true }).click();
  await expect(toast(page, m)).toContainText(m("letters.archived", { count: subjects.length }));
  for (const subject of subjects.slice(0, 4)) await expect(row(page, subject)).toHaveCount(0);
}

/** The hour was wrong: nobody has seen it but she. */
async function takeOneBack(page: Page, to: Newcomer, m: Words): Promise<void> {
  await write(page, { to: [to.address], subject: TAKEN_BACK, text: "Vi ses klockan tio." }, m);
  await page.getByRole("button", { name: m("write.send") }).click();
  await toast(page, m).getByRole("button", { name: m("action.undo") }).click();
  const field = page.getByRole("textbox", { name: m("write.text") });
  await expect(field).toHaveValue("Vi ses klockan tio.");
  await field.fill("Vi ses klockan elva.");
  await send(page, m);
}

async function sendSeparately(page: Page, readers: readonly Newcomer[], m: Words): Promise<void> {
  await write(page, { to: readers.map(({ address }) => address), subject: SEPARATELY, text: "Välkommen till mötet." }, m);
  await page.getByRole("checkbox", { name: m("write.each") }).check();
  await send(page, m);
}

async function writeWithoutNetwork(page: Page, to: Newcomer, m: Words): Promise<void> {
  await network(page, false);
  await write(page, { to: [to.address], subject: OFFLINE, text: "Den ligger i receptionen." }, m);
  await page.getByRole("button", { name: m("write.send") }).click();
  await page.getByRole("button", { name: m("outbox.now") }).click();
  await goTo(page, "sent", m);
  const onTheirWay = page.getByRole("list", { name: m("outbox.label") });
  await expect(onTheirWay).toContainText(m("tag.waiting"));
  await network(page, true);
  await expect(onTheirWay).toHaveCount(0);
}

async function backToTheList(page: Page, m: Words): Promise<void> {
  if (isPhone(page)) await page.getByRole("link", { name: m("action.to_inbox") }).click();
}

/** So many letters are in the list, and these are on top of it. */
async function shows(page: Page, count: number, subjects: readonly string[]): Promise<void> {
  for (const subject of subjects) await expect(row(page, subject)).toBeVisible();
  await expect(page.getByRole("listitem").filter({ has: page.getByRole("link", { name: subjects[0] ?? "" }) })).toHaveAttribute("aria-setsize", String(count));
}
