// Every page of the router's table, and every state of them that looks otherwise, in both themes and both languages, at
// the width of the project: axe finds nothing, and a picture is taken. A new route is here by itself.
import { ROUTES } from "../../../web/src/app/routes.ts";
import { COMPARED, KNOWN, NEW, OPEN_LETTER, TOLD_LETTER } from "../house/annas_mailbox.ts";
import { violations } from "../house/axe.ts";
import { enterCode, fromMenu, isPhone, network, problem, prove, proved, shownSheet, signIn, unlock } from "../house/entering.ts";
import { LETTER } from "../house/guests.ts";
import { expect, type Page, type Route, test as base } from "../house/lived_in.ts";
import { choose, EVERY_LOOK, settled } from "../house/looks.ts";
import { picture } from "../house/screens.ts";
import { Terminal } from "../house/terminal.ts";
import { NOT_THERE, REFUSED } from "../house/watch.ts";
import { words } from "../house/words.ts";
import { open, readers, text, toast, write } from "../house/writing.ts";
import { verifying, Zone } from "../house/zone.ts";

/** Looks at what stands on the page, however it is wanted; takes pictures where a name is given. */
type Inspect = (page: Page, pictured?: string) => Promise<void>;

const test = base.extend<{ inspect: Inspect }>({
  inspect: async ({ language }, use, info) => {
    await use(async (page, pictured) => {
      for (const look of EVERY_LOOK) {
        await choose(page, look);
        await settled(page);
        expect.soft(await violations(page), `${look.language}, ${look.theme}`).toEqual([]);
        if (pictured) await picture(page, pictured, look, info);
      }
      await choose(page, { language, theme: "light" });
    });
  },
});

test.describe.configure({ timeout: 120_000 }); // each is looked at many times over

test.describe("holds to the rules: every route", () => {
  for (const route of ROUTES) {
    test(route.path, async ({ visit, anna, inspect }) => {
      const page = await visit(route.access === "mailbox" ? anna : undefined);
      await page.goto(route.path);
      await expect(page).toHaveURL(route.path);
      await inspect(page, (isPhone(page) ? PHONE_PICTURES : PICTURES)[route.path]);
    });
  }

  test("one that is not there, as without a network, where no server says so", async ({ annas, m, inspect }) => {
    await annas.goto("/mail/inbox");
    await annas.evaluate(() => {
      history.pushState(null, "", "/mail/nowhere");
      dispatchEvent(new PopStateEvent("popstate"));
    });
    await expect(annas.getByRole("heading", { level: 1, name: m("not_found.title") })).toBeVisible();
    await inspect(annas, "not-found");
  });

  test("one that is long on its way, and never comes", async ({ visit, anna, inspect, m, watch }) => {
    watch.expect(/ERR_FAILED/);
    const page = await visit(anna);
    const held: Route[] = [];
    await page.route("**/assets/ComparePage-*", (route) => void held.push(route));
    await page.goto("/compare");
    await expect(page.locator("main [aria-busy=true]")).toHaveText(m("waiting.fetching"));
    for (const route of held) await route.abort();
    await expect(page.getByRole("button", { name: m("action.reload") })).toBeVisible();
    await inspect(page);
  });
});

/** Those that are shown with something in them are pictured below. */
const PICTURES: Partial<Record<string, string>> = {
  "/sign-in": "signin",
  "/mail/drafts": "drafts",
  "/contacts": "contacts",
  "/settings/looks": "settings-looks",
  "/settings/account": "settings-account",
  "/settings/identity": "settings-identity",
  "/settings/passkeys": "settings-passkeys",
  "/settings/keys": "settings-keys",
  "/settings/sessions": "settings-sessions",
  "/settings/space": "settings-space",
  "/demo/outbox": "demo-outbox",
  "/real": "real",
};

/** On a phone the list fills the window. */
const PHONE_PICTURES: typeof PICTURES = { ...PICTURES, "/mail/inbox": "inbox", "/mail/sent": "sent" };

test.describe("holds to the rules: a page by which anybody writes", () => {
  test("the letter, what is missing in it, and the link to the answer", async ({ visit, nobodys, newcomer, inspect, m }) => {
    const anna = await newcomer("Anna Berg");
    const name = `sida-${process.pid}-${Date.now() % 1_000_000}`;
    await anna.terminal.openPage(name, "Ljunggårdens vårdcentral");
    await nobodys.goto(`/to/${name}`);
    await expect(nobodys.getByLabel(m("to.text"), { exact: true })).toBeVisible();
    await inspect(nobodys);
    await nobodys.getByRole("button", { name: m("to.send") }).click();
    await expect(problem(nobodys).first()).toBeVisible();
    await inspect(nobodys);
    await nobodys.getByLabel(m("to.name"), { exact: true }).fill("Eva Ek");
    await nobodys.getByLabel(m("to.text"), { exact: true }).fill("Ska jag sluta?");
    await nobodys.getByRole("button", { name: m("to.send") }).click();
    const link = nobodys.getByText(/\/l#[\w-]{48}$/);
    await expect(link).toBeVisible();
    await inspect(nobodys);
    const later = await visit();
    await later.goto(await link.innerText());
    await expect(later.getByRole("button", { name: m("to.open") })).toBeVisible();
    await inspect(later);
    await later.getByRole("button", { name: m("to.open") }).click();
    await expect(later.getByText(m("to.no_answer"))).toBeVisible();
    await inspect(later);
  });
});

test.describe("holds to the rules: the mailbox", () => {
  test("a letter that is open, and all that it can tell", async ({ annas, inspect, m }) => {
    await open(annas, OPEN_LETTER);
    await expect(text(annas)).toContainText(m("seal.intact"));
    await inspect(annas, isPhone(annas) ? "message" : "inbox");
    await annas.getByRole("button", { name: m("seal.why") }).first().click();
    await annas.getByRole("region", { name: m("letter.earlier") }).getByText("Dina prover ser bra ut").click();
    await inspect(annas);
    await annas.getByRole("button", { name: m("letter.more") }).click();
    await inspect(annas);
  });

  test("letters that are picked, and lists of some of them", async ({ annas, inspect, m }) => {
    await annas.goto("/mail/inbox");
    await annas.getByRole("button", { name: m("pick.begin"), exact: true }).click();
    await annas.getByRole("checkbox").first().click();
    await expect(annas.getByText(m("pick.count", { count: 1 }))).toBeVisible();
    await inspect(annas);
    await annas.keyboard.press("Escape");
    await annas.getByRole("button", { name: m("list.only_flagged"), exact: true }).click();
    await expect(annas.getByText(m("empty.flagged"), { exact: true })).toBeVisible();
    await inspect(annas);
  });

  test("a sent letter, and what became of it", async ({ annas, inspect, m }) => {
    await annas.goto("/mail/sent");
    await open(annas, TOLD_LETTER);
    await expect(annas.getByRole("region", { name: m("letter.status") })).toContainText(m("level.phone"));
    await inspect(annas, isPhone(annas) ? undefined : "sent");
  });

  test("the question before erasing", async ({ annas, inspect, m }) => {
    await annas.goto("/mail/trash");
    await annas.getByRole("button", { name: m("trash.empty") }).click();
    await expect(annas.getByRole("alertdialog")).toBeVisible();
    await inspect(annas, "empty-trash");
  });

  test("the receipt of what was erased", async ({ visit, newcomer, inspect, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    for (const subject of ["Ett", "Två"]) {
      await gun.terminal.move(await per.terminal.send({ to: [gun.address], subject, text: "Bort" }), "trash");
    }
    const guns = await visit(gun);
    await guns.goto("/mail/trash");
    await guns.getByRole("button", { name: m("trash.empty") }).click();
    await guns.getByRole("alertdialog").getByRole("button", { name: m("trash.erase", { count: 2 }) }).click();
    await inspect(guns, "erasure-receipt");
  });

  test("folders with nothing in them", async ({ visit, newcomer, inspect }) => {
    const page = await visit(await newcomer("Gun Berg"));
    for (const path of ["/mail/inbox", "/mail/sent", "/mail/drafts", "/mail/archive", "/mail/trash", "/compare", "/contacts"]) {
      await page.goto(path);
      await inspect(page);
    }
  });

  test("the menu that is open, and a network that is away", async ({ annas, inspect, m }) => {
    const more = annas.getByRole("button", { name: m("nav.more"), exact: true });
    const account = annas.getByRole("button", { name: m("app.account") });
    await more.or(account).filter({ visible: true }).click();
    await inspect(annas);
    await annas.keyboard.press("Escape");
    await network(annas, false);
    await expect(annas.getByRole("complementary", { name: m("banner.offline_label") })).toBeVisible();
    await inspect(annas);
  });

  test("a letter that was thrown away a moment ago", async ({ annas, anna, inspect, m }) => {
    const id = await anna.terminal.send({ to: [anna.address], subject: "Till mig själv", text: "Ring labbet" });
    await open(annas, "Till mig själv");
    await annas.getByRole("button", { name: m("letter.bin") }).click();
    await toast(annas, m).hover(); // it waits as long as it is pointed at
    await inspect(annas);
    await anna.terminal.move(id, "trash");
  });

  test("a locked mailbox, and the wrong password for it", async ({ nobodys, server, anna, inspect, m, watch }) => {
    watch.expect(REFUSED);
    await signIn(nobodys, server, anna, m);
    await fromMenu(nobodys, m("app.lock"), m);
    await inspect(nobodys, "locked");
    await unlock(nobodys, "inte det rätta alls", m);
    await expect(problem(nobodys)).toContainText(m("locked.wrong"));
    await inspect(nobodys);
  });
});

test.describe("holds to the rules: writing", () => {
  test("a letter to readers whose keys are new, known and compared", async ({ annas, inspect, m }) => {
    const letter = {
      to: [COMPARED, KNOWN, NEW],
      subject: "Vårdplanering före jul",
      text: "Hej!\n\nVi behöver träffas en timme före jul för Mårtens vårdplanering. Jag har hållit tisdag 8 december klockan tio och torsdag 10 december klockan tretton.\n\nSvara med den tid som passar, så bokar jag rummet.\n\nVänliga hälsningar\nAnna",
    };
    await write(annas, letter, m);
    await expect(readers(annas, m)).toHaveCount(3);
    await expect(annas.getByText(m("write.saved", { time: "" }).trim())).toBeVisible();
    await inspect(annas, "compose-keys");
    await annas.getByRole("combobox", { name: m("write.to") }).pressSequentially("demo");
    await expect(annas.getByRole("option").first()).toBeVisible();
    await inspect(annas);
  });

  test("a letter to nobody who could get it, about nothing", async ({ annas, inspect, m }) => {
    await write(annas, { to: ["ingen@demo.example", "bara@"], subject: "", text: "Hej" }, m);
    await annas.getByRole("button", { name: m("write.send") }).click();
    await expect(problem(annas)).toBeFocused();
    await expect(problem(annas)).toContainText("bara@");
    for (const language of ["sv", "en"] as const) {
      await choose(annas, { language, theme: "light" });
      await expect(problem(annas), "says it in the language of the moment").toContainText(words(language)("error.no_subject"));
    }
    await inspect(annas, "compose-error");
  });

  test("an answer", async ({ annas, inspect, m }) => {
    await open(annas, OPEN_LETTER);
    await annas.getByRole("link", { name: m("letter.answer") }).filter({ visible: true }).first().click();
    await expect(readers(annas, m)).toHaveCount(1);
    await inspect(annas);
  });
});

test.describe("holds to the rules: keys and looks", () => {
  test("a key to compare, and one that was compared", async ({ annas, inspect, m }) => {
    await annas.goto(`/compare#${NEW}`);
    await expect(annas.getByRole("heading", { name: m("compare.digits.title") })).toBeVisible();
    await inspect(annas, "compare");
    await annas.goto(`/compare#${COMPARED}`);
    await expect(annas.getByText(m("compare.why.compared"))).toBeVisible();
    for (const fold of await annas.locator("details").all()) await fold.locator("summary").click();
    await inspect(annas);
  });

  test("a letter under a key whose digits differ, and an answer to it", async ({ visit, newcomer, inspect, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await per.terminal.send({ to: [gun.address], subject: "Trappan", text: "Hej" });
    const page = await visit(gun);
    await open(page, "Trappan");
    await page.goto(`/compare#${per.address}`);
    await page.getByRole("button", { name: m("compare.differ"), exact: true }).click();
    await expect(page.getByText(m("compare.differs.title"))).toBeVisible();
    await inspect(page);
    await page.goto("/mail/inbox");
    await open(page, "Trappan");
    await expect(text(page)).toContainText(m("seal.differs"));
    await inspect(page);
    await text(page).getByRole("link", { name: m("letter.answer") }).filter({ visible: true }).first().click();
    await expect(readers(page, m)).toContainText(m("key.differs"));
    await inspect(page);
  });

  test("somebody to compare with who is not there", async ({ annas, inspect, m, watch }) => {
    watch.expect(NOT_THERE);
    await annas.goto("/compare#ingen@demo.example");
    await expect(annas.getByText(m("compare.nobody.text"))).toBeVisible();
    await inspect(annas);
  });

  test("a contact with everything said of them, the question before they are forgotten, and one who is none", async ({ annas, inspect, m }) => {
    await annas.goto(`/contacts#${COMPARED}`);
    await annas.getByLabel(m("contact.phone"), { exact: true }).fill("070-174 06 71");
    await annas.getByLabel(m("contact.note"), { exact: true }).fill("Dotter till Gun.\nRing efter klockan sex.");
    await expect(annas.getByRole("status").filter({ hasText: "+46" })).toBeVisible();
    await inspect(annas, "contact");
    await annas.getByRole("button", { name: m("forget.begin") }).click();
    await expect(annas.getByRole("alertdialog")).toBeVisible();
    await inspect(annas, "forget-contact");
    await annas.getByRole("button", { name: m("forget.keep") }).click();
    await annas.goto("/contacts#ingen@demo.example");
    await expect(annas.getByRole("heading", { level: 1, name: m("contact.unknown") })).toBeVisible();
    await inspect(annas);
  });

  test("a new recovery sheet", async ({ visit, newcomer, inspect, m }) => {
    const page = await visit(await newcomer("Gun Berg"));
    await page.goto("/settings/keys");
    await page.getByRole("button", { name: m("new_sheet.make") }).click();
    await expect(page.getByRole("button", { name: m("new_sheet.cancel") })).toBeVisible();
    await inspect(page);
  });

  test("the largest text in the densest list", async ({ annas }) => {
    await open(annas, OPEN_LETTER);
    await choose(annas, { language: "sv", theme: "light", text: "largest", density: "compact" });
    await settled(annas);
    expect(await violations(annas)).toEqual([]);
  });

  test("a letter from somebody who writes for the first time", async ({ annas, inspect, m }) => {
    await open(annas, "Bilder på utslaget");
    await expect(text(annas)).toContainText(m("seal.new"));
    await inspect(annas);
  });
});

test.describe("holds to the rules: by a link", () => {
  test("a verified sender, and somebody who is none", async ({ nobodys, newcomer, stranger, inspect, m }) => {
    const zone = await Zone.open();
    const server = await verifying(zone);
    const { terminal } = await Terminal.registered(server, stranger("Anna Berg"));
    for (const [terminals, picture] of [[terminal, "guest-verified"], [(await newcomer("Gun Berg")).terminal, "guest"]] as const) {
      await nobodys.goto("about:blank");
      await nobodys.goto((await terminals.invite(stranger("Eva Ek"), LETTER)) ?? "");
      await expect(nobodys.getByRole("button", { name: m("guest.send") })).toBeVisible();
      await inspect(nobodys, picture);
      await nobodys.getByText(m("guest.real"), { exact: true }).click();
      await inspect(nobodys);
    }
    await server.end();
    zone.close();
  });
});

test.describe("holds to the rules: getting in", () => {
  test("signing in, with something missing, a wrong password, and the second step", async ({ nobodys, server, anna, inspect, m, watch }) => {
    watch.expect(REFUSED);
    await nobodys.getByRole("button", { name: m("title.sign_in"), exact: true }).click();
    await expect(problem(nobodys)).toBeFocused();
    await inspect(nobodys);
    await nobodys.getByText(m("demo.people")).click();
    await prove(nobodys, { address: anna.address, password: "inte det rätta alls" }, m);
    await expect(problem(nobodys)).toContainText(m("problem.credentials_refused"));
    await inspect(nobodys, "signin-error");
    await proved(nobodys, server, anna, m);
    await expect(nobodys.getByLabel(m("code.label"))).toBeFocused();
    await inspect(nobodys, "signin-sms");
    await enterCode(nobodys, "000000", m);
    await expect(problem(nobodys)).toContainText(m("problem.code_refused"));
    await inspect(nobodys);
  });

  test("registering, step by step", async ({ nobodys, server, stranger, inspect, m }) => {
    const gun = stranger("Gun Ek");
    await nobodys.goto("/register");
    await nobodys.getByLabel(m("register.name"), { exact: true }).fill(gun.name);
    await nobodys.getByLabel(m("address.label")).fill(gun.address);
    await inspect(nobodys, "register-1");
    await nobodys.getByRole("button", { name: m("register.send_mail") }).click();
    await enterCode(nobodys, "123", m);
    await inspect(nobodys, "register-1b");
    await enterCode(nobodys, await server.code(gun.address, 0), m);
    await nobodys.getByLabel(m("register.phone"), { exact: true }).fill(gun.phone);
    await inspect(nobodys, "register-2");
    await nobodys.getByRole("button", { name: m("register.send_sms") }).click();
    await enterCode(nobodys, "123", m);
    await inspect(nobodys, "register-2b");
    await enterCode(nobodys, await server.code(gun.phone, 0), m);
    await nobodys.getByLabel(m("new_password.label"), { exact: true }).fill(gun.password);
    await expect(nobodys.getByText(m("strength.good"), { exact: true })).toBeVisible();
    await inspect(nobodys, "register-3");
    await nobodys.getByRole("button", { name: m("register.make_keys") }).click();
    await shownSheet(nobodys, m("owed.title"));
    await inspect(nobodys, "register-4");
    await nobodys.getByRole("button", { name: m("sheet.open_mailbox") }).click();
    await expect(problem(nobodys)).toContainText(m("sheet.tick_missing"));
    await inspect(nobodys);
  });

  test("a forgotten password, step by step", async ({ nobodys, server, newcomer, inspect, m }) => {
    const gun = await newcomer("Gun Ek");
    const before = await server.messagesTo(gun.phone);
    await nobodys.goto("/forgotten");
    await nobodys.getByLabel(m("address.label")).fill(gun.address);
    await nobodys.getByLabel(m("forgotten.code"), { exact: true }).fill(gun.recoveryCode);
    await inspect(nobodys, "forgotten-1");
    await nobodys.getByRole("button", { name: m("action.continue") }).click();
    const code = await server.code(gun.phone, before);
    await inspect(nobodys, "forgotten-2");
    await enterCode(nobodys, code, m);
    await nobodys.getByLabel(m("new_password.label"), { exact: true }).fill(gun.password);
    await expect(nobodys.getByText(m("strength.good"), { exact: true })).toBeVisible();
    await inspect(nobodys, "forgotten-3");
    await nobodys.getByRole("button", { name: m("forgotten.change") }).click();
    await shownSheet(nobodys, m("forgotten.sheet_title"));
    await inspect(nobodys, "forgotten-4");
  });
});
