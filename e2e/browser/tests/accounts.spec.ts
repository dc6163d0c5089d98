// Into the mailbox and out of it: registering, signing in, locking, signing out, a forgotten password.
import { readFile } from "node:fs/promises";
import { withoutSiteData } from "../house/chromium.ts";
import {
  askToRecover,
  enter,
  enterCode,
  fromMenu,
  inMailbox,
  keepSheet,
  paste,
  problem,
  prove,
  proved,
  register,
  shownSheet,
  signIn,
  signOut,
  unlock,
} from "../house/entering.ts";
import { keptBy } from "../house/storage.ts";
import type { Person } from "../house/server.ts";
import { expect, type Page, test } from "../house/test.ts";
import { translated } from "../house/translator.ts";
import { REFUSED } from "../house/watch.ts";
import type { Words } from "../house/words.ts";

/** The first step of registering. */
async function nameAndAddress(page: Page, { name, address }: Pick<Person, "name" | "address">, m: Words): Promise<void> {
  await page.goto("/register");
  await page.getByLabel(m("register.name"), { exact: true }).fill(name);
  await page.getByLabel(m("address.label")).fill(address);
  await page.getByRole("button", { name: m("register.send_mail") }).click();
}

/** The second one. */
async function phone(page: Page, typed: string, m: Words): Promise<void> {
  await page.getByLabel(m("register.phone"), { exact: true }).fill(typed);
  await page.getByRole("button", { name: m("register.send_sms") }).click();
}

/** Everything that the page shows or says from now on, in one text. */
async function listened(page: Page): Promise<() => Promise<string>> {
  await page.evaluate(() => {
    const heard = ((window as { heard?: string[] }).heard = [] as string[]);
    const listen = () => heard.push(document.body.textContent ?? "");
    new MutationObserver(listen).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => (window as { heard?: string[] }).heard?.join("\n") ?? "");
}

test.describe("registering", () => {
  test("takes a code by e-mail and one by SMS, a password and a sheet, and opens the mailbox", async ({ page, server, stranger, m }) => {
    const gun = stranger("Gun Berg");
    const code = await register(page, server, gun, m);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: m("sheet.save") }).click(),
    ]);
    const sheet = await readFile(await file.path(), "utf8");
    expect(sheet).toContain(code.replaceAll("-", " "));
    expect(sheet).toContain(gun.address);
    await keepSheet(page, m);
    await signOut(page, m);
    await signIn(page, server, gun, m);
  });

  test("goes no further without the sheet, unless the person says so", async ({ page, server, stranger, m }) => {
    await register(page, server, stranger("Per Ek"), m);
    await page.getByRole("button", { name: m("sheet.open_mailbox") }).click();
    await expect(problem(page)).toContainText(m("sheet.tick_missing"));
    await expect(page.getByRole("checkbox", { name: m("sheet.have_it") })).toBeFocused();
    await page.getByRole("button", { name: m("sheet.later") }).click();
    await inMailbox(page, m);
  });

  test("asks for the sheet again at the next sign-in, with a new code that then counts", async ({ page, server, stranger, m }) => {
    const per = stranger("Per Ek");
    const first = await register(page, server, per, m);
    await page.getByRole("button", { name: m("sheet.later") }).click();
    await inMailbox(page, m);
    await signOut(page, m);

    await enter(page, server, per, m);
    const second = await shownSheet(page, m("owed.title"));
    expect(second).not.toBe(first);
    await keepSheet(page, m);
    await signOut(page, m);
    await signIn(page, server, per, m);
  });

  test("says what is wrong with a password while it is chosen", async ({ page, server, stranger, m }) => {
    const gun = stranger("Gun Berg");
    await nameAndAddress(page, gun, m);
    await enterCode(page, await server.code(gun.address, 0), m);
    await phone(page, gun.phone, m);
    await enterCode(page, await server.code(gun.phone, 0), m);
    const password = page.getByLabel(m("new_password.label"), { exact: true });
    await password.fill("kort");
    await expect(page.getByText(m("strength.short_why"))).toBeVisible();
    await password.fill(`${gun.name.toLowerCase()} 1948`);
    await page.getByRole("button", { name: m("register.make_keys") }).click();
    await expect(problem(page)).toContainText(m("strength.own_name"));
    await expect(password).toBeFocused();
    await expect(page.getByText(m("strength.own_name")), "said once, and spoken").toHaveCount(2);
    await expect(password).toHaveValue(`${gun.name.toLowerCase()} 1948`);
    await password.fill(gun.password);
    await expect(page.getByText(m("strength.good"), { exact: true })).toBeVisible();
    await expect(page.getByText(m("strength.own_name")), "an old error beside it").toHaveCount(0);
  });

  test("goes on where it was after a reload, with the same code", async ({ page, server, stranger, m }) => {
    const gun = stranger("Gun Berg");
    await page.goto("/register");
    await page.getByLabel(m("register.name"), { exact: true }).fill(gun.name);
    await page.reload();
    await expect(page.getByLabel(m("register.name"), { exact: true })).toHaveValue(gun.name);
    await page.getByLabel(m("address.label")).fill(gun.address.toUpperCase());
    await page.getByRole("button", { name: m("register.send_mail") }).click();
    const code = await server.code(gun.address, 0);
    await expect(page.getByLabel(m("code.label"))).toBeVisible();
    await page.reload();
    await expect(page.getByLabel(m("code.label")), "where the code is typed").toBeFocused();
    await expect(page.getByText(gun.address, { exact: true }), "in its one form").toBeVisible();
    await enterCode(page, code, m);
    await page.getByLabel(m("register.phone"), { exact: true }).fill(gun.phone);
    await page.reload();
    await expect(page.getByLabel(m("register.phone"), { exact: true })).toHaveValue(gun.phone);
    await page.getByRole("button", { name: m("register.send_sms") }).click();
    const text = await server.code(gun.phone, 0);
    await expect(page.getByLabel(m("code.label"))).toBeVisible();
    await page.reload();
    await enterCode(page, text, m);
    await expect(page.getByRole("heading", { name: m("new_password.title") })).toBeVisible();
    await page.reload();
    expect([await server.messagesTo(gun.address), await server.messagesTo(gun.phone)], "one code each").toEqual([1, 1]);
    await page.getByLabel(m("new_password.label"), { exact: true }).fill(gun.password);
    await page.getByRole("button", { name: m("register.make_keys") }).click();
    const first = await shownSheet(page, m("owed.title"));
    await page.reload();
    expect(await shownSheet(page, m("owed.title")), "asked again").not.toBe(first);
    await keepSheet(page, m);
    await page.reload();
    await inMailbox(page, m);
  });

  test("has made the mailbox when it shows the sheet, so that a printed sheet opens it though the tab was lost", async ({ page, context, server, stranger, m }) => {
    const per = stranger("Per Ek");
    const printed = await register(page, server, per, m);
    await page.close();
    await context.clearCookies();
    const again = await context.newPage();
    await again.goto("/forgotten");
    await askToRecover(again, per.address, printed, m);
    await expect(again.getByRole("heading", { name: m("code.from_sms") })).toBeVisible();
    await enter(again, server, per, m);
    expect(await shownSheet(again, m("owed.title"))).not.toBe(printed);
    await again.getByRole("button", { name: m("sheet.later") }).click();
    await inMailbox(again, m);
  });

  test("shows how it understood a phone number, and says so where no code can go there", async ({ page, server, stranger, m, watch }) => {
    watch.expect(REFUSED);
    const gun = stranger("Gun Berg");
    await nameAndAddress(page, gun, m);
    await enterCode(page, await server.code(gun.address, 0), m);
    await phone(page, "08-123 456 78", m);
    await expect(problem(page)).toContainText(m("problem.not_a_mobile_number"));
    await phone(page, gun.phone.slice(0, -1), m);
    await expect(problem(page)).toContainText(m("problem.not_a_mobile_number.do"));
    // As a contact is copied: between marks that nobody sees, with the zero that is dialled at home.
    await page.getByLabel(m("register.phone"), { exact: true }).fill(`\u202d+46 (0)${gun.phone.slice(3)}\u202c`);
    const shown = /\+46\s70\u2011174\s\d\d\s\d\d/;
    await expect(page.getByText(shown)).toBeVisible();
    await page.getByRole("button", { name: m("register.send_sms") }).click();
    await expect(page.getByText(shown)).toBeVisible();
    await server.code(gun.phone, 0);
  });

  test("tells nobody that an address has a mailbox, except by e-mail to it", async ({ page, server, stranger, m }) => {
    const anna = await server.person("anna");
    const before = await server.messagesTo(anna.address);
    await nameAndAddress(page, { ...stranger("Eva Ås"), address: anna.address }, m);
    await expect(page.getByRole("heading", { name: m("code.from_mail") })).toBeVisible();
    await expect(page.getByLabel(m("code.label"))).toBeFocused();
    await expect.poll(() => server.messagesTo(anna.address)).toBe(before + 1);
    await enterCode(page, "000000", m);
    await expect(problem(page)).toContainText(m("problem.code_refused"));
  });
});

test.describe("signing in", () => {
  test("answers a wrong password and an unknown address alike, and keeps what was typed", async ({ page, newcomer, m, watch }) => {
    watch.expect(REFUSED);
    const gun = await newcomer("Gun Berg");
    const said: string[] = [];
    for (const address of [gun.address, "ingen@demo.example"]) {
      await page.goto("/sign-in");
      await prove(page, { address, password: "inte det rätta alls" }, m);
      await expect(problem(page)).toContainText(m("problem.credentials_refused"));
      await expect(page.getByLabel(m("address.label"))).toHaveValue(address);
      said.push(await problem(page).innerText());
    }
    expect(said[0]).toBe(said[1]);
  });

  test("names each field that is empty, and leads to it", async ({ page, m }) => {
    await page.goto("/sign-in");
    await page.getByRole("button", { name: m("title.sign_in"), exact: true }).click();
    await expect(problem(page)).toBeFocused();
    await problem(page).getByRole("link", { name: m("password.missing") }).click();
    await expect(page.getByLabel(m("password.label"), { exact: true })).toBeFocused();
    await expect(page.getByLabel(m("password.label"), { exact: true })).toHaveAccessibleDescription(new RegExp(m("password.missing")));
  });

  test("refuses a wrong code without saying what was wrong with it, and then takes the right one", async ({ page, server, newcomer, m, watch }) => {
    watch.expect(REFUSED);
    const gun = await newcomer("Gun Berg");
    const code = await proved(page, server, gun, m);
    for (const left of [4, 3]) {
      await enterCode(page, code === "111111" ? `22222${left}` : `11111${left}`, m);
      await expect(problem(page)).toContainText(`${m("problem.code_refused")} ${m("code.tries_left", { count: left })}`);
    }
    await enterCode(page, `${code.slice(0, 3)} ${code.slice(3)}`, m);
    await inMailbox(page, m);
  });

  test("says what takes so long, and lets a person give up", async ({ page, newcomer, m }) => {
    const gun = await newcomer("Gun Berg");
    await page.clock.install();
    await page.context().route("**/api/v1/sign-ins", () => new Promise(() => undefined));
    await page.goto("/sign-in");
    await prove(page, gun, m);
    await expect(page.getByRole("button", { name: m("sign_in.working") })).toBeVisible();
    await page.clock.fastForward(2_500);
    await expect(page.getByText(m("working.password"))).toBeVisible();
    await page.clock.fastForward(8_000);
    await page.getByRole("button", { name: m("working.stop") }).click();
    await expect(page.getByRole("button", { name: m("title.sign_in"), exact: true })).toBeVisible();
    await expect(problem(page)).toHaveCount(0);
    await expect(page.getByLabel(m("password.label"), { exact: true })).toHaveValue(gun.password);
  });

  test("takes the whole message that was pasted, and goes on by itself", async ({ page, server, newcomer, m }) => {
    const gun = await newcomer("Gun Berg");
    const code = await proved(page, server, gun, m);
    await paste(page, `SecureMailbox 10:15\n${code.slice(0, 3)}\u2013${code.slice(3)} är din kod. Gäller i 10 minuter.`, m);
    await inMailbox(page, m);
  });

  test("sends nothing before a way was chosen, where there are several", async ({ page, server, newcomer, m, watch }) => {
    watch.expect(REFUSED);
    const gun = await newcomer("Gun Berg");
    // Nobody has two yet, so the server is made to say that somebody has.
    await page.context().route("**/api/v1/sign-ins/*/finish", async (route) => {
      const response = await route.fetch();
      const { offers } = (await response.json()) as { offers: object[] };
      const reserve = { ...offers[0], id: "0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11", hint: "99" };
      await route.fulfill({ response, json: { offers: [...offers, reserve] } });
    });
    await page.goto("/sign-in");
    const before = await server.messagesTo(gun.phone);
    await prove(page, gun, m);
    await expect(page.getByText(m("choose.lead"))).toBeVisible();
    await expect(page.getByRole("button", { name: m("choose.phone", { ends: "99" }) })).toBeVisible();
    expect(await server.messagesTo(gun.phone)).toBe(before);
    const way = page.getByRole("button", { name: m("choose.phone", { ends: gun.phone.slice(-2) }) });
    await way.click();
    const first = await server.code(gun.phone, before);
    await page.getByRole("button", { name: m("choose.another") }).click();
    await way.click();
    const second = await server.code(gun.phone, before + 1);
    if (first !== second) {
      await enterCode(page, first, m);
      await expect(problem(page)).toContainText(m("problem.code_replaced"));
    }
    await enterCode(page, second, m);
    await inMailbox(page, m);
  });

  test("brings back to the page one asked for", async ({ page, server, newcomer, m }) => {
    const gun = await newcomer("Gun Berg");
    await page.goto("/settings/keys");
    await expect(page).toHaveURL("/sign-in");
    await enter(page, server, gun, m);
    await expect(page).toHaveURL("/settings/keys");
  });
});

test.describe("staying signed in", () => {
  test("a reload opens without a question", async ({ page, server, newcomer, m }) => {
    await signIn(page, server, await newcomer("Gun Berg"), m);
    await page.reload();
    await inMailbox(page, m);
  });

  test("without the tick, a browser that was closed asks for the password", async ({ page, context, server, newcomer, m }) => {
    const gun = await newcomer("Gun Berg");
    await signIn(page, server, gun, m);
    await page.close();
    const again = await context.newPage();
    await again.goto("/mail/inbox");
    await expect(again.getByRole("heading", { level: 1, name: m("locked.title") })).toBeVisible();
    await expect(again.getByText(gun.address)).toBeVisible();
    await expect(again.getByText(gun.name)).toHaveCount(0);
  });

  test("with the tick, a browser that was closed opens by itself", async ({ page, context, server, newcomer, m }) => {
    await signIn(page, server, await newcomer("Gun Berg"), m, { keep: true });
    await page.close();
    const again = await context.newPage();
    await again.goto("/");
    await inMailbox(again, m);
  });

  test("a second tab opens with the first one's session, and is locked with it", async ({ page, context, server, newcomer, m }) => {
    await signIn(page, server, await newcomer("Gun Berg"), m);
    const second = await context.newPage();
    await second.goto("/mail/inbox");
    await inMailbox(second, m);
    await fromMenu(page, m("app.lock"), m);
    for (const tab of [page, second]) {
      await expect(tab.getByRole("heading", { level: 1, name: m("locked.title") })).toBeVisible();
    }
  });
});

test.describe("leaving", () => {
  test("a locked mailbox opens with the password and no SMS", async ({ page, server, newcomer, m, watch }) => {
    watch.expect(REFUSED);
    const gun = await newcomer("Gun Berg");
    await signIn(page, server, gun, m);
    const codes = await server.messagesTo(gun.phone);
    await fromMenu(page, m("app.lock"), m);
    await unlock(page, "inte det rätta alls", m);
    await expect(problem(page)).toContainText(m("locked.wrong"));
    await page.reload();
    await unlock(page, gun.password, m);
    await inMailbox(page, m);
    expect(await server.messagesTo(gun.phone)).toBe(codes);
  });

  test("a mailbox that nobody touches for 15 minutes locks by itself, and one that is kept does not", async ({ page, visit, server, newcomer, m }) => {
    const gun = await newcomer("Gun Berg");
    await page.clock.install();
    await signIn(page, server, gun, m);
    const kept = await visit(gun);
    await kept.clock.install();
    for (const desk of [page, kept]) {
      await desk.clock.fastForward("14:00");
      await inMailbox(desk, m);
      await desk.clock.fastForward("01:30");
    }
    await expect(page.getByRole("heading", { level: 1, name: m("locked.title") })).toBeVisible();
    await inMailbox(kept, m);
  });

  test("signing out leaves nothing on the device", async ({ page, context, server, newcomer, m }) => {
    await signIn(page, server, await newcomer("Gun Berg"), m, { keep: true });
    await signOut(page, m);
    await expect(page.getByRole("heading", { level: 1, name: m("title.sign_in") })).toBeFocused();
    expect(await context.cookies()).toEqual([]);
    expect(await keptBy(page)).toEqual([]);
    await page.goto("/mail/inbox");
    await expect(page).toHaveURL("/sign-in");
  });

  test("a session that was ended from elsewhere says so, and what it showed is gone", async ({ page, visit, server, newcomer, m, watch }) => {
    watch.expect(REFUSED);
    const gun = await newcomer("Gun Berg");
    await signIn(page, server, gun, m);
    const other = await visit(gun);
    await other.goto("/settings/sessions");
    const told = await listened(page);
    await other.getByRole("button", { name: m("sessions.end.spoken", { since: "" }).trim() }).first().click();
    await expect(other.getByText(/är utloggad\.|is signed out\./)).toBeVisible();
    await gun.terminal.send({ to: [gun.address], subject: "Nytt", text: "Hej" });
    await expect(page.getByText(m("sign_in.ended"))).toBeVisible();
    await expect(page).toHaveURL("/sign-in");
    expect(await told(), "the network was there all the time").not.toMatch(new RegExp(m("banner.offline_label")));
  });
});

test.describe("a forgotten password", () => {
  test("is replaced by sheet and SMS: the letters stay, the old password, sheet and sessions do not", async ({ page, visit, server, newcomer, m, watch }) => {
    watch.expect(REFUSED);
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await per.terminal.send({ to: [gun.address], subject: "Från förr", text: "Kvar?" });
    const elsewhere = await visit(gun);

    await page.goto("/sign-in");
    await page.getByRole("link", { name: m("title.forgotten") }).click();
    const before = await server.messagesTo(gun.phone);
    // As it is read aloud and typed by somebody in a hurry.
    await askToRecover(page, gun.address, gun.recoveryCode.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l"), m);
    await enterCode(page, await server.code(gun.phone, before), m);
    const renewed = { ...gun, password: "en helt ny rad med ord" };
    await page.getByLabel(m("new_password.label"), { exact: true }).fill(renewed.password);
    await page.getByRole("button", { name: m("forgotten.change") }).click();
    expect(await shownSheet(page, m("forgotten.sheet_title"))).not.toBe(gun.recoveryCode);
    await keepSheet(page, m);
    await expect(page.getByRole("link", { name: "Från förr" })).toBeVisible();
    await expect(gun.terminal.list()).rejects.toThrow(/not-signed-in/);
    await per.terminal.send({ to: [gun.address], subject: "Nytt", text: "Syns bara för den som är kvar" });
    await expect(elsewhere.getByText(m("sign_in.ended"))).toBeVisible();

    await signOut(page, m);
    await prove(page, gun, m);
    await expect(problem(page)).toContainText(m("problem.credentials_refused"));
    await page.goto("/forgotten");
    await askToRecover(page, gun.address, gun.recoveryCode, m);
    await expect(problem(page)).toContainText(m("forgotten.refused_do"));
    await page.goto("/sign-in");
    await signIn(page, server, renewed, m);
  });

  test("a slip of the pen is found before the server is asked", async ({ page, newcomer, m }) => {
    const gun = await newcomer("Gun Berg");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto("/forgotten");
    const [first = "", ...rest] = gun.recoveryCode;
    await askToRecover(page, gun.address, [first === "A" ? "B" : "A", ...rest].join(""), m);
    await expect(problem(page)).toContainText(m("problem.slip_of_the_pen"));
    expect(asked.filter((url) => url.includes("/api/"))).toEqual([]);
  });
});

test("a browser that may keep nothing says so, and what to do", async ({ server, newcomer, locale, m, watch }, info) => {
  const gun = await newcomer("Gun Berg");
  const context = await withoutSiteData(info.outputPath("profile"), { baseURL: server.url, locale: locale ?? "" });
  try {
    await watch.over(context);
    const page = await context.newPage();
    await page.goto("/sign-in");
    await expect(page.getByText(m("unable.cookies"))).toBeVisible();
    await expect(page.getByLabel(m("address.label")), "before anything is typed").toHaveCount(0);
    expect(await server.messagesTo(gun.phone)).toBe(1); // of registering
  } finally {
    await context.close();
  }
});

for (const [lack, script] of [
  ["webassembly", "delete globalThis.WebAssembly"],
  ["memory", "WebAssembly.Memory = class { constructor() { throw new RangeError(); } }"],
] as const) {
  test(`a browser that lacks ${lack} says so before anything is typed`, async ({ page, m }) => {
    await page.addInitScript(script);
    for (const path of ["/sign-in", "/register", "/forgotten"]) {
      await page.goto(path);
      await expect(page.getByText(m(`unable.${lack}`))).toBeVisible();
      await expect(page.getByRole("textbox")).toHaveCount(0);
    }
  });
}

test("a translator of the browser, which puts texts of its own in the place of ours, breaks no step", async ({ page, server, stranger, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  await translated(page);
  const [gun, per] = [stranger("Gun Berg"), await newcomer("Per Ek")];
  await register(page, server, gun, m);
  await expect(page.locator(".code font"), "the code as it is").toHaveCount(0);
  await keepSheet(page, m);
  await signOut(page, m);

  await prove(page, { address: per.address, password: "inte det rätta alls" }, m);
  await expect(problem(page)).toContainText(m("problem.credentials_refused"));
  const code = await proved(page, server, per, m);
  await expect(page.getByText(m("sign_in.lead")), "the step before").toHaveCount(0);
  for (const left of [4, 3]) {
    await enterCode(page, code === "111111" ? `22222${left}` : `11111${left}`, m);
    await expect(page.locator("#code-error")).toHaveText(`${m("problem.code_refused")} ${m("code.tries_left", { count: left })}`);
  }
  await enterCode(page, code, m);
  await inMailbox(page, m);
});
