// The quick guides of the site, walked in the page: each button that a step names is there. `UPDATE_SCREENS=1` takes their pictures
// anew, into what the site is built of.
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { appOnPage, step } from "../house/authenticator.ts";
import { enterCode, inMailbox, keepSheet, signIn } from "../house/entering.ts";
import { prove } from "../house/guests.ts";
import { choose, settled } from "../house/looks.ts";
import type { Person, Server } from "../house/server.ts";
import { Terminal } from "../house/terminal.ts";
import { expect, type Locator, type Page, test } from "../house/test.ts";
import { NOT_THERE } from "../house/watch.ts";
import type { Language, Words } from "../house/words.ts";
import { addReader, goTo, open as openLetter, row, toast } from "../house/writing.ts";

const SITE = join(import.meta.dirname, "../../../crates/site");
const SHIPPED = join(SITE, "pictures");
/** They are looked at over a slow network. */
const LARGEST = 60_000;
/** What comes below is not what the step is about. */
const TALLEST = 640;
const EDGE = 12;

const GUIDES = ["read", "answer", "mailbox", "two-factor", "patient", "compare", "erase"] as const;
type Name = (typeof GUIDES)[number];

/** What people are called and write, in each language. */
const STORIES = {
  sv: {
    anna: "Anna Berg",
    eva: "Eva Ek",
    host: "brev.exempel.se",
    subject: "Ditt provsvar",
    text: "Hej Eva!\n\nProverna ser bra ut. Kallelsen till nästa besök ligger som bilaga.\n\nHälsningar\nAnna",
    summons: "Kallelse.pdf",
    answer: "Tack för beskedet! Här är en bild på utslaget.",
    picture: "Utslaget.jpg",
    binned: [
      ["Gammal kallelse", "Kallelsen gäller inte längre, ny tid kommer i ett eget brev."],
      ["Avbokning", "Jag måste tyvärr avboka på torsdag."],
    ],
    words: ["snö", "kärra", "lampa", "vinge"],
    password: "ullvante lagun tegelugn",
  },
  en: {
    anna: "Anna Hill",
    eva: "Eva Oak",
    host: "post.example.com",
    subject: "Your test results",
    text: "Hello Eva!\n\nThe results look good. The summons to your next visit is attached.\n\nBest wishes\nAnna",
    summons: "Summons.pdf",
    answer: "Thank you for telling me! Here is a picture of the rash.",
    picture: "The rash.jpg",
    binned: [
      ["An old summons", "The summons no longer counts, a new time comes in another letter."],
      ["A cancellation", "I am sorry to say that I can’t come on Thursday."],
    ],
    words: ["snow", "cart", "lamp", "wing"],
    password: "mitten lagoon roof tile",
  },
} as const;
const LINK = /\S+\/l#[\w-]{48}/;
const CODE = "7K3M 9QXT 2HVB 4RWD 8FJN 6PCY 3ZGE";

test.skip(({ viewport }) => (viewport?.width ?? 0) > 480, "the guides show a phone");
test.setTimeout(180_000); // a whole guide, and people who make their mailboxes for it

for (const language of ["sv", "en"] as const) {
  test.describe(language, () => {
    test.use({ language, colorScheme: "light", viewport: { width: 390, height: 1600 } }); // the bar at its foot is in no picture

    test("read", async ({ visit, server, m }, info) => {
      const guide = Guide.of("read", language, info.outputDir);
      const { anna, eva, letter } = people("read", language);
      const { terminal } = await Terminal.registered(server, anna);
      const link = await terminal.invite(eva, { ...letter, files: [await summons(server, language)] });
      const page = await visit();
      await page.goto(link ?? "");
      await expect(page.getByRole("button", { name: m("guest.send") })).toBeVisible();
      await guide.look(page, 2, 3);
      await guide.picture(page, 2, page.locator("main .card"));
      await page.getByRole("button", { name: m("guest.wrong") }).click();
      await expect(page.getByRole("heading", { level: 1, name: m("guest.wrong_title") })).toBeVisible();
      await guide.look(page, 3);
      await page.getByRole("button", { name: m("guest.back") }).click();
      const code = await asked(page, server, eva, m);
      await guide.picture(page, 4, page.locator("main .card"));
      await enterCode(page, code, m);
      await expect(page.getByRole("heading", { level: 1, name: letter.subject })).toBeVisible();
      await guide.look(page, 5);
      await guide.picture(page, 5, page.getByText(anna.address).first(), page.getByText(m("files.not_locked")));
      await page.getByRole("button", { name: m("guest.close") }).click();
      await expect(page.getByRole("heading", { level: 1, name: m("guest.closed") })).toBeVisible();

      const other = { ...eva, address: `2.${eva.address}` };
      const agreed = await terminal.agree(other, letter);
      const others = await visit();
      await others.goto(agreed.link);
      await prove(others, server, other, m);
      await expect(others.getByRole("heading", { level: 1, name: m("guest.words_title") })).toBeVisible();
      await guide.look(others, 4);
      guide.done();
    });

    test("answer", async ({ visit, server, m }, info) => {
      const guide = Guide.of("answer", language, info.outputDir);
      const { anna, eva, letter } = people("answer", language);
      const { terminal } = await Terminal.registered(server, anna);
      expect(await terminal.invite(eva, { ...letter, mailed: true })).toBeNull();
      await expect.poll(() => server.newestTo(eva.address)).toMatch(LINK);
      const page = await visit();
      await page.goto(LINK.exec(await server.newestTo(eva.address))?.[0] ?? "");
      await prove(page, server, eva, m);
      const answer = page.getByRole("button", { name: m("guest.answer", { from: anna.name }) });
      await expect(answer).toBeVisible();
      await guide.look(page, 2);
      const seal = page.getByText(m("guest.seal", { from: anna.address })).first();
      await guide.picture(page, 2, seal, page.getByRole("button", { name: m("guest.close") }));
      await answer.click();
      await guide.look(page, 3, 4);
      const typed = page.getByLabel(m("guest.your_answer"));
      await typed.fill(STORIES[language].answer);
      await guide.picture(page, 4, typed, page.getByRole("button", { name: m("guest.send_answer") }));
      const picture = { name: STORIES[language].picture, mimeType: "image/jpeg", buffer: await jpeg(page) };
      await page.locator("input[type=file]").first().setInputFiles(picture);
      await expect(page.getByText(picture.name).first()).toBeVisible();
      await expect(page.getByText(m("files.note_going"))).toHaveCount(0);
      await guide.look(page, 5);
      await page.getByRole("button", { name: m("guest.send_answer") }).click();
      const sent = page.getByText(m("guest.sent", { from: anna.name }));
      await expect(sent).toBeVisible();
      await guide.picture(page, 5, sent.locator("xpath=ancestor::div[2]"), page.getByText(m("files.not_locked")));

      const handed = { ...eva, address: `2.${eva.address}` };
      const others = await visit();
      await others.goto((await terminal.invite(handed, letter)) ?? "");
      await prove(others, server, handed, m);
      await expect(others.getByRole("heading", { level: 1, name: letter.subject })).toBeVisible();
      for (const { address } of [handed, eva]) await terminal.send({ to: [address], ...letter });
      await expect.poll(() => server.messagesTo(eva.address), "who got the link by e-mail is told of the next letter").toBe(2);
      expect(await server.messagesTo(handed.address), "and who did not, is told by nobody").toBe(0);
      guide.done();
    });

    test("mailbox", async ({ visit, stranger, server, m, watch }, info) => {
      watch.expect(NOT_THERE);
      const guide = Guide.of("mailbox", language, info.outputDir);
      const { anna, eva, letter } = people("mailbox", language);
      const { terminal } = await Terminal.registered(server, anna);
      const page = await visit();
      await page.goto((await terminal.invite(eva, letter)) ?? "");
      await prove(page, server, eva, m);
      const claim = page.getByRole("button", { name: m("claim.open") });
      await expect(claim).toBeVisible();
      await guide.look(page, 1);
      await guide.picture(page, 1, page.getByRole("region", { name: m("claim.ask") }));
      await claim.click();
      await page.getByLabel(m("register.name"), { exact: true }).fill(eva.name);
      await guide.look(page, 2);
      const mails = await server.messagesTo(eva.address);
      await page.getByRole("button", { name: m("claim.send") }).click();
      await expect(page.getByRole("heading", { level: 1, name: m("code.from_mail") })).toBeVisible();
      await enterCode(page, await server.code(eva.address, mails), m);
      await page.getByLabel(m("new_password.label"), { exact: true }).fill(eva.password);
      await expect(page.getByText(m("strength.good")).or(page.getByText(m("strength.enough"))).first()).toBeVisible();
      await guide.look(page, 4);
      await guide.picture(page, 4, page.locator("main .card"));
      await page.getByRole("button", { name: m("register.make_keys") }).click();
      await expect(page.getByRole("button", { name: m("sheet.print") })).toBeVisible();
      await guide.look(page, 5, 6);
      await saying(page.locator("main .frame .code span").filter({ visible: true }), CODE.split(" "));
      await guide.picture(page, 5, page.locator("main .card h1"), page.getByRole("button", { name: m("sheet.save") }));
      await keepSheet(page, m);
      await expect(row(page, letter.subject)).toBeVisible();
      await guide.picture(page, 6, page.locator("main"));

      const eve = stranger(eva.name);
      const theirs = await visit();
      await theirs.goto("/register");
      await theirs.getByLabel(m("register.name"), { exact: true }).fill(eve.name);
      await theirs.getByLabel(m("address.label")).fill(eve.address);
      await guide.look(theirs, 2);
      await theirs.getByRole("button", { name: m("register.send_mail") }).click();
      await enterCode(theirs, await server.code(eve.address, 0), m);
      await expect(theirs.getByLabel(m("register.phone"), { exact: true })).toBeVisible();
      await guide.look(theirs, 3);
      await theirs.goto("/sign-in");
      await expect(theirs.getByLabel(m("address.label"))).toBeVisible();
      await guide.look(theirs, 7);
      guide.done();
    });

    test("two-factor", async ({ page, server, m }, info) => {
      const guide = Guide.of("two-factor", language, info.outputDir);
      const { anna } = people("two-factor", language);
      await Terminal.registered(server, anna);
      await arrive(page, server, anna, language, m);
      await page.getByRole("button", { name: m("nav.more"), exact: true }).click();
      await guide.look(page, 4);
      await page.getByRole("group", { name: m("app.account") }).getByRole("link", { name: m("app.settings") }).click();
      await page.getByRole("link", { name: m("settings.identity") }).click();
      const shown = page.locator(".wizard > .stack");
      await page.getByRole("checkbox", { name: m("identity.installed") }).check();
      await guide.look(page, 4);
      await guide.picture(page, 4, shown);
      const before = await server.messagesTo(anna.phone);
      await page.getByRole("button", { name: m("action.continue") }).click();
      await expect(step(page, m("identity.authorise"))).toBeVisible();
      await guide.picture(page, 5, shown);
      await enterCode(page, await server.code(anna.phone, before), m);
      await expect(step(page, m("identity.scan_title"))).toBeVisible();
      await guide.look(page, 3, 6);
      await guide.picture(page, 6, shown);
      const app = await appOnPage(page, m);
      await page.getByRole("button", { name: m("identity.added") }).click();
      await expect(page.getByLabel(m("code.app_label"))).toBeVisible();
      await guide.picture(page, 7, shown);
      await page.getByLabel(m("code.app_label")).fill(app.next());
      await expect(step(page, m("identity.step_8"))).toBeVisible();
      await guide.look(page, 8);
      await guide.picture(page, 8, shown);
      guide.done();
    });

    test("patient", async ({ page, server, m }, info) => {
      const guide = Guide.of("patient", language, info.outputDir);
      const { anna, eva, letter } = people("patient", language);
      const { terminal } = await Terminal.registered(server, anna);
      await terminal.invite({ ...eva, address: `2.${eva.address}` }, { ...letter, mailed: true });
      await arrive(page, server, anna, language, m);
      await guide.look(page, 2, 8);
      await page.getByRole("navigation").getByRole("link", { name: m("nav.write_short") }).filter({ visible: true }).first().click();
      await expect(page.getByRole("combobox", { name: m("write.to"), exact: true })).toBeFocused();
      await guide.look(page, 2, 6);
      await addReader(page, eva.address, m);
      const unknown = page.getByText(m("stranger.title", { who: eva.address }));
      await expect(unknown).toBeVisible();
      const number = page.getByLabel(m("invite.phone", { who: eva.address }));
      await number.fill(eva.phone.replace(/^\+46(\d\d)(\d{3})(\d\d)(\d\d)$/, "0$1-$2 $3 $4"));
      const handed = page.getByRole("radio", { name: m("invite.handed") });
      const agreed = page.getByRole("checkbox", { name: m("invite.passphrase") });
      await expect(handed).toBeVisible();
      await guide.look(page, 3, 4, 5, 6);
      await guide.picture(page, 3, unknown, page.getByText(m("invite.code_goes_to", { number: "" }).trim().replace(/\s*\.$/, "")));
      await guide.picture(page, 4, page.getByText(m("invite.way")), page.getByText(m("invite.handed_note")));
      await agreed.check();
      const words = page.getByRole("group", { name: m("invite.words", { who: eva.address }) });
      await expect(words).toBeVisible();
      await saying(words.locator("span"), STORIES[language].words);
      await guide.picture(page, 5, agreed, words);
      await agreed.uncheck();
      await handed.check();
      await page.getByRole("textbox", { name: m("write.subject") }).fill(letter.subject);
      await page.getByRole("textbox", { name: m("write.text") }).fill(letter.text);
      await guide.look(page, 6);
      await page.getByRole("button", { name: m("write.send_and_show"), exact: true }).click();
      await expect(page.getByRole("heading", { level: 1, name: m("links.title") })).toBeVisible();
      const all = page.getByRole("list", { name: m("links.title") }).getByRole("listitem");
      const invited = all.filter({ has: page.getByText(m("links.with_sender")) });
      await expect(invited.getByRole("img", { name: m("links.qr", { who: eva.address }) })).toBeVisible();
      await guide.look(page, 7, 8);
      await guide.picture(page, 7, invited.locator(".link"), invited.getByRole("img"));
      await page.getByRole("button", { name: m("outbox.now") }).click();
      await goTo(page, "sent", m);
      await page.getByRole("button", { name: m("nav.more"), exact: true }).click();
      await guide.look(page, 8);
      await page.getByRole("group", { name: m("app.account") }).getByRole("link", { name: m("contacts.title") }).click();
      await expect(page.getByRole("heading", { level: 1, name: m("contacts.title") })).toBeVisible();
      await guide.look(page, 8);
      guide.done();
    });

    test("compare", async ({ page, server, m }, info) => {
      const guide = Guide.of("compare", language, info.outputDir);
      const { anna, eva, letter } = people("compare", language);
      await Terminal.registered(server, anna);
      const evas = (await Terminal.registered(server, eva)).terminal;
      await evas.send({ to: [anna.address], ...letter });
      await arrive(page, server, anna, language, m);
      await openLetter(page, letter.subject);
      await page.goBack();
      await page.getByRole("button", { name: m("nav.more"), exact: true }).click();
      await guide.look(page, 2);
      await page.getByRole("group", { name: m("app.account") }).getByRole("link", { name: m("contacts.title") }).click();
      await page.getByRole("link", { name: eva.name }).click();
      const begin = page.getByRole("link", { name: m("compare.choose.title") });
      await expect(begin).toBeVisible();
      await guide.look(page, 2);
      await guide.picture(page, 2, page.getByRole("heading", { level: 1, name: eva.name }), begin);
      await begin.click();
      const digits = page.getByRole("region", { name: m("compare.digits.title") });
      await expect(digits).toBeVisible();
      await guide.look(page, 3, 4);
      await guide.picture(page, 3, digits);
      await digits.getByRole("button", { name: m("compare.differ") }).click();
      await expect(page.getByText(m("compare.differs.title"))).toBeVisible();
      await guide.look(page, 6);
      await page.getByRole("button", { name: m("compare.again") }).click();
      await page.getByRole("button", { name: m("compare.match"), exact: true }).click();
      const done = page.getByText(m("compare.done.title", { who: eva.name }));
      await expect(done).toBeVisible();
      await guide.picture(page, 5, page.getByRole("heading", { level: 1 }), done.locator("xpath=ancestor::div[2]"));
      guide.done();
    });

    test("erase", async ({ page, server, m }, info) => {
      const guide = Guide.of("erase", language, info.outputDir);
      const { anna, eva } = people("erase", language);
      const annas = (await Terminal.registered(server, anna)).terminal;
      const evas = (await Terminal.registered(server, eva)).terminal;
      const [[first, firstText], [second, secondText]] = STORIES[language].binned;
      await annas.read(await evas.send({ to: [anna.address], subject: first, text: firstText }));
      const other = await evas.send({ to: [anna.address], subject: second, text: secondText });
      await annas.read(other);
      for (const { id } of await evas.list("sent")) await evas.move(id, "trash");
      await evas.emptyTrash(); // so that nobody else holds them
      await arrive(page, server, anna, language, m);
      await openLetter(page, first);
      await guide.look(page, 1);
      await page.getByRole("button", { name: m("letter.bin") }).click();
      await expect(toast(page, m)).toContainText(m("letter.binned"));
      await guide.look(page, 1);
      await annas.move(other, "trash");
      await expect(row(page, second)).toHaveCount(0);
      await page.getByRole("button", { name: m("nav.more"), exact: true }).click();
      await guide.look(page, 2);
      await page.keyboard.press("Escape");
      await goTo(page, "trash", m);
      await openLetter(page, first);
      await guide.look(page, 1);
      await page.goBack();
      await expect(row(page, second)).toBeVisible();
      await expect(toast(page, m)).toHaveCount(0, { timeout: 30_000 });
      await guide.look(page, 3);
      await guide.picture(page, 2, page.getByRole("heading", { level: 1 }), row(page, first), row(page, second));
      await page.getByRole("button", { name: m("pick.begin") }).click();
      await page.getByRole("checkbox", { name: first }).check();
      await guide.look(page, 3);
      await page.getByRole("button", { name: m("pick.end") }).click();
      await page.getByRole("button", { name: m("trash.empty") }).click();
      const question = page.getByRole("alertdialog", { name: m("trash.ask", { count: 2 }) });
      await expect(question).toBeVisible();
      await guide.look(page, 4);
      await guide.picture(page, 4, question);
      await question.getByRole("button", { name: m("trash.erase", { count: 2 }) }).click();
      await expect(page.getByRole("heading", { level: 1, name: m("receipt.title", { count: 2 }) })).toBeVisible();
      await guide.look(page, 5);
      await guide.picture(page, 5, page.locator(".receipt h1"), page.locator(".receipt .steps"));
      guide.done();
    });
  });
}

test("no picture of a guide is large", () => {
  for (const language of ["sv", "en"] as const) {
    for (const guide of GUIDES) {
      for (const name of Guide.of(guide, language).pictures) {
        expect(statSync(join(SHIPPED, `${name}-${language}.png`)).size, `${name}-${language}`).toBeLessThan(LARGEST);
      }
    }
  }
});

/** A guide as the site has it: what its steps name, and what of that has been seen. */
class Guide {
  readonly pictures: readonly string[];
  readonly #name: Name;
  readonly #language: Language;
  readonly #folder: string;
  /** By step, which begin with 1. */
  readonly #unseen: Map<number, Set<string>>;

  static of(name: Name, language: Language, folder = ""): Guide {
    return new Guide(name, language, folder);
  }

  private constructor(name: Name, language: Language, folder: string) {
    const text = readFileSync(join(SITE, "pages", language, "guides", `${name}.md`), "utf8");
    const [, ...steps] = text.split(/^## /m);
    [this.#name, this.#language, this.#folder] = [name, language, process.env.UPDATE_SCREENS ? SHIPPED : folder];
    this.pictures = [...text.matchAll(/^!\[[^\]]+\]\((.+)\)$/gm)].map(([, picture = ""]) => picture);
    this.#unseen = new Map(steps.map((step, place) => [place + 1, new Set(bold(step))]));
  }

  /** Strikes out what these steps name and the page has. */
  async look(page: Page, ...steps: number[]): Promise<void> {
    for (const step of steps) {
      const unseen = this.#unseen.get(step) ?? new Set();
      for (const name of unseen) if ((await control(page, name).count()) > 0) unseen.delete(name);
    }
  }

  /** Nothing is named that was not there. */
  done(): void {
    const unseen = [...this.#unseen].flatMap(([step, names]) => [...names].map((name) => `step ${step}: ${name}`));
    expect(unseen, `what the guide "${this.#name}" names and no page had`).toEqual([]);
  }

  /** What lies around these elements, over the whole width. */
  async picture(page: Page, step: number, ...of: Locator[]): Promise<void> {
    const name = `${this.#name}-${step}`;
    expect(this.pictures, "a picture that the guide does not show").toContain(name);
    await page.mouse.move(0, 0);
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await settled(page);
    await page.evaluate(() => scrollTo(0, 0));
    await page.evaluate(withoutWhatChanges, STORIES[this.#language].host);
    for (const one of of) await expect(one.first()).toBeVisible();
    const boxes = await Promise.all(of.map(async (one) => one.first().boundingBox()));
    const top = Math.min(...boxes.map((box) => box?.y ?? NaN));
    const bottom = Math.max(...boxes.map((box) => (box ? box.y + box.height : NaN)));
    const y = Math.max((await page.locator("main").boundingBox())?.y ?? 0, top - EDGE); // a banner is in no picture
    const clip = { x: 0, y, width: page.viewportSize()?.width ?? 0, height: Math.min(bottom + EDGE - y, TALLEST) };
    mkdirSync(this.#folder, { recursive: true });
    await page.screenshot({ path: join(this.#folder, `${name}-${this.#language}.png`), clip, scale: "css", animations: "disabled" });
  }
}

/** What a step names: notices name none. */
function bold(step: string): string[] {
  const said = step.split("\n").filter((line) => !line.startsWith(">"));
  return [...said.join("\n").matchAll(/\*\*(.+?)\*\*/g)].map(([, name = ""]) => name);
}

/** Whatever one can press, tick or fill in and whose name begins so. */
function control(page: Page, begins: string): Locator {
  const name = new RegExp(`^\\s*${begins.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?!\\p{L})`, "u");
  const folds = page.locator("summary").filter({ hasText: name });
  const roles = ["button", "link", "checkbox", "radio", "textbox", "combobox"] as const;
  return roles.reduce((all, role) => all.or(page.getByRole(role, { name })), folds).filter({ visible: true });
}

const DOMAINS: Record<Name, string> = {
  "read": "sund.example",
  "answer": "svar.example",
  "mailbox": "hemma.example",
  "two-factor": "skydd.example",
  "patient": "mail.example",
  "compare": "post.example",
  "erase": "bort.example",
};

/** Whom a guide is about. Each has mailboxes of its own. */
function people(guide: Name, language: Language): { anna: Person; eva: Person; letter: { subject: string; text: string } } {
  const { anna, eva, subject, text } = STORIES[language];
  const place = GUIDES.indexOf(guide) * 2 + (language === "sv" ? 0 : 1);
  const person = (name: string, number: number): Person => ({
    name,
    address: `${name.toLowerCase().replace(" ", ".")}@${DOMAINS[guide]}`,
    phone: `+467017407${10 + place * 2 + number}`,
    password: STORIES[language].password,
  });
  return { anna: person(anna, 0), eva: person(eva, 1), letter: { subject, text } };
}

/** Signs in, in the language of the guide. */
async function arrive(page: Page, server: Server, person: Person, language: Language, m: Words): Promise<void> {
  await page.goto("/sign-in");
  await choose(page, { language, theme: "light" });
  await signIn(page, server, person, m, { keep: true });
  await choose(page, { language, theme: "light" });
  await inMailbox(page, m);
}

/** Ticks and has the code sent. Returns it. */
async function asked(page: Page, server: Server, eva: Person, m: Words): Promise<string> {
  const before = await server.messagesTo(eva.phone);
  await page.getByRole("checkbox", { name: m("guest.mine", { ends: eva.phone.slice(-2) }) }).check();
  await page.getByRole("button", { name: m("guest.send") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("guest.code_title") })).toBeVisible();
  return await server.code(eva.phone, before);
}

/** A file to send along. */
async function summons(server: Server, language: Language): Promise<string> {
  const path = join(await mkdtemp(join(server.folder, "files-")), STORIES[language].summons);
  await writeFile(path, "%PDF-1.4\n%%EOF\n".padEnd(41_000));
  return path;
}

/** A picture, as a phone takes one. */
async function jpeg(page: Page): Promise<Buffer> {
  const url = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const drawn = canvas.getContext("2d");
    if (drawn === null) throw new Error("nothing can be drawn");
    drawn.fillStyle = "#e8c4a8";
    drawn.fillRect(0, 0, 640, 480);
    drawn.fillStyle = "#c8604c";
    for (let spot = 0; spot < 40; spot++) {
      drawn.beginPath();
      drawn.arc(180 + ((spot * 73) % 280), 120 + ((spot * 41) % 240), 6 + (spot % 5) * 3, 0, 2 * Math.PI);
      drawn.fill();
    }
    return canvas.toDataURL("image/jpeg", 0.8);
  });
  return Buffer.from(url.split(",")[1] ?? "", "base64");
}

/** A secret in a picture is nobody's. */
async function saying(shown: Locator, texts: readonly string[]): Promise<void> {
  await expect(shown).toHaveCount(texts.length);
  await shown.evaluateAll((elements, said) => {
    for (const [place, element] of elements.entries()) element.textContent = said[place] ?? "";
  }, texts);
}

/** Runs in the page: what is another one each time is the same in each picture. */
function withoutWhatChanges(host: string): void {
  const swedish = document.documentElement.lang === "sv";
  const named = new Intl.DateTimeFormat(swedish ? "sv" : "en-GB", { month: "long" });
  const months = [...Array(12).keys()].map((month) => named.format(new Date(2026, month)));
  const today = new Date().getDate();
  const [written, erased] = swedish ? ["24 november 2026", "23 januari 2027"] : ["24 November 2026", "23 January 2027"];
  const dates = new RegExp(`(\\d{1,2}) (${months.join("|")}) \\d{4}`, "g");
  const same = (text: string): string =>
    text
      .replaceAll(`http://${location.host}`, `https://${host}`)
      .replaceAll(location.host, host)
      .replace(/#[\w-]{48}/g, "#3kVw7Qx9TbR2mZc8NhYp5LdGfJs4WaKeU6vXn1BoCiHtDyMr")
      .replace(dates, (_, day: string) => (Number(day) === today ? written : erased))
      .replace(/\b\d\d([.:])\d\d([.:]\d\d)?\b/g, (_, point: string, seconds?: string) => `10${point}42${seconds ? `${point}07` : ""}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode as Text;
    const now = same(text.data);
    if (now !== text.data) text.data = now;
  }
}
