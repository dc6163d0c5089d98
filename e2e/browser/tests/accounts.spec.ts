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
import { expect, test } from "../house/test.ts";
import { REFUSED } from "../house/watch.ts";

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
    await expect(problem(page)).toBeFocused();
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
    await page.goto("/register");
    await page.getByLabel(m("register.name"), { exact: true }).fill(gun.name);
    await page.getByLabel(m("address.label")).fill(gun.address);
    await page.getByRole("button", { name: m("register.send_mail") }).click();
    await enterCode(page, await server.code(gun.address, 0), m);
    await page.getByLabel(m("register.phone"), { exact: true }).fill(gun.phone);
    await page.getByRole("button", { name: m("register.send_sms") }).click();
    await enterCode(page, await server.code(gun.phone, 0), m);
    const password = page.getByLabel(m("new_password.label"), { exact: true });
    await password.fill("kort");
    await expect(page.getByText(m("strength.short_why"))).toBeVisible();
    await password.fill("aaaaaaaaaaaaaa");
    await expect(page.getByText(m("strength.weak"))).toBeVisible();
    await page.getByRole("button", { name: m("register.make_keys") }).click();
    await expect(problem(page)).toBeFocused();
    await expect(password).toHaveValue("aaaaaaaaaaaaaa");
    await password.fill(gun.password);
    await expect(page.getByText(m("strength.good"), { exact: true })).toBeVisible();
  });

  test("tells nobody that an address has a mailbox, except by e-mail to it", async ({ page, server, stranger, m }) => {
    const anna = await server.person("anna");
    const before = await server.messagesTo(anna.address);
    await page.goto("/register");
    await page.getByLabel(m("register.name"), { exact: true }).fill(stranger("Eva Ås").name);
    await page.getByLabel(m("address.label")).fill(anna.address);
    await page.getByRole("button", { name: m("register.send_mail") }).click();
    await expect(page.getByRole("heading", { name: m("code.from_mail") })).toBeFocused();
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
    await enterCode(page, code === "111111" ? "222222" : "111111", m);
    await expect(problem(page)).toContainText(m("problem.code_refused"));
    await enterCode(page, `${code.slice(0, 3)} ${code.slice(3)}`, m);
    await inMailbox(page, m);
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
    await other.getByRole("button", { name: m("sessions.end.spoken", { since: "" }).trim() }).first().click();
    await expect(other.getByText(/är utloggad\.|is signed out\./)).toBeVisible();
    await gun.terminal.send({ to: [gun.address], subject: "Nytt", text: "Hej" });
    await expect(page.getByText(m("sign_in.ended"))).toBeVisible();
    await expect(page).toHaveURL("/sign-in");
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
    await expect(problem(page)).toContainText(m("problem.credentials_refused"));
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
    await page.goto("/");
    await prove(page, gun, m);
    await expect(problem(page)).toContainText(m("problem.device_failed.do"));
    expect(await server.messagesTo(gun.phone)).toBe(1); // no code for a sign-in that can't be ended
  } finally {
    await context.close();
  }
});
