// How a person wants the page, one's own key and sheet, and where one is signed in.
import { readFile } from "node:fs/promises";
import {
  askToRecover, enterCode, fromMenu, keepSheet, problem, prove, proved, shownSheet, signIn, signOut, unlock,
} from "../house/entering.ts";
import { refuse } from "../house/refused.ts";
import { expect, test } from "../house/test.ts";
import { REFUSED } from "../house/watch.ts";
import { type Language, words } from "../house/words.ts";
import { goTo, open, row, send, text, write } from "../house/writing.ts";

test.describe("looks", () => {
  test("the language changes at once, everywhere, and for what the server sends", async ({ page, server, newcomer, language, m }) => {
    const gun = await newcomer("Gun Berg");
    await signIn(page, server, gun, m);
    const other: Language = language === "sv" ? "en" : "sv";
    const theirs = words(other);
    await page.goto("/settings/looks");
    const told = page.context().waitForEvent("response", (response) => response.request().method() === "PATCH");
    await page.getByRole("radio", { name: other === "sv" ? "Svenska" : "English" }).check();
    await expect(page.getByRole("heading", { level: 1, name: theirs("settings.title") })).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("lang", other);
    await expect(page).toHaveTitle(new RegExp(theirs("title.settings_looks")));
    await told;
    await page.reload();
    await expect(page.getByRole("heading", { level: 1, name: theirs("settings.title") })).toBeVisible();

    await page.goto("/mail/inbox");
    await signOut(page, theirs);
    await proved(page, server, gun, theirs);
    expect(await server.newestTo(gun.phone)).toMatch(other === "sv" ? /^Din kod/ : /^Your code/);
  });

  test("colours, text size and shortcuts stay as they were chosen", async ({ visit, newcomer, m }) => {
    const guns = await visit(await newcomer("Gun Berg"));
    await guns.goto("/settings/looks");
    const background = () => guns.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await guns.getByRole("radio", { name: m("looks.theme.light") }).check();
    const light = await background();
    await guns.getByRole("radio", { name: m("looks.theme.dark") }).check();
    await expect.poll(background).not.toBe(light);
    const dark = await background();
    const size = () => guns.evaluate(() => parseFloat(getComputedStyle(document.documentElement).fontSize));
    const normal = await size();
    await guns.getByRole("radio", { name: m("looks.text.largest") }).check();
    await expect.poll(size).toBeGreaterThan(normal);
    await guns.getByRole("checkbox", { name: m("looks.shortcuts.use") }).uncheck();

    await guns.reload();
    await expect(guns.getByRole("radio", { name: m("looks.theme.dark") })).toBeChecked();
    await expect(guns.getByRole("radio", { name: m("looks.text.largest") })).toBeChecked();
    await expect(guns.getByRole("checkbox", { name: m("looks.shortcuts.use") })).not.toBeChecked();
    expect(await background()).toBe(dark);
    expect(await size()).toBeGreaterThan(normal);
  });
});

test("letters go from the trash after 30 days, unless one wants them kept", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], subject: "Reklam", text: "Köp nu." });
  const [letter] = await gun.terminal.list();
  await gun.terminal.move(letter?.id ?? "", "trash");
  const guns = await visit(gun);
  await goTo(guns, "trash", m);
  const note = guns.getByText(m("trash.thirty_days")).filter({ visible: true }).first();
  await expect(note).toBeVisible();
  await expect(row(guns, "Reklam")).toContainText(m("tag.erased_in", { count: 30 }));

  await guns.goto("/settings/space");
  const erase = guns.getByRole("checkbox", { name: m("trash_life.erase") });
  await expect(erase).toBeChecked();
  const told = guns.context().waitForEvent("response", (response) => response.request().method() === "PATCH");
  await erase.uncheck();
  expect((await told).status()).toBe(204);
  await guns.reload();
  await expect(erase).not.toBeChecked();

  await guns.goto("/mail/trash");
  await expect(row(guns, "Reklam")).toBeVisible();
  await expect(note).toHaveCount(0);
  await expect(row(guns, "Reklam")).not.toContainText(m("tag.erased_in", { count: 30 }));
});

test("one's own name is shown as others see it, and goes with the next letter", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const [guns, elsewhere] = [await visit(gun), await visit(gun)];
  await guns.goto("/settings/account");
  const name = guns.getByRole("textbox", { name: m("register.name") });
  await expect(name).toHaveValue("Gun Berg");
  await name.fill("");
  await guns.getByRole("button", { name: m("contact.save"), exact: true }).click();
  await expect(problem(guns)).toContainText(m("register.name_missing"));
  await name.fill("Gunhild Berg");
  const seen = guns.getByRole("group", { name: m("own_name.seen") });
  await expect(seen).toContainText("Gunhild Berg");
  await expect(seen).toContainText(gun.address);
  await guns.getByRole("button", { name: m("contact.save"), exact: true }).click();
  await expect(guns.getByText(m("own_name.saved"), { exact: true }).first()).toBeAttached();
  await elsewhere.getByRole("button", { name: m("nav.more"), exact: true }).or(elsewhere.getByRole("button", { name: m("app.account") })).filter({ visible: true }).click();
  await expect(elsewhere.getByText("Gunhild Berg").filter({ visible: true }).first(), "on another page that is open").toBeVisible();
  await guns.reload();
  await expect(name).toHaveValue("Gunhild Berg");

  await guns.goto("/mail/inbox");
  await write(guns, { to: [per.address], subject: "Trappan", text: "Hej" }, m);
  await send(guns, m);
  const pers = await visit(per);
  await open(pers, "Trappan");
  await expect(text(pers)).toContainText("Gunhild Berg");
});

test("whoever wants no e-mail about letters gets none, and keeps that choice", async ({ visit, newcomer, server, m }) => {
  const [gun, per, eva] = [await newcomer("Gun Berg"), await newcomer("Per Ek"), await newcomer("Eva Ek")];
  const guns = await visit(gun);
  await guns.goto("/settings/account");
  await expect(guns.getByRole("radio", { name: m("notices.at_once") })).toBeChecked();
  const told = guns.context().waitForEvent("response", (response) => response.request().method() === "PATCH");
  await guns.getByRole("radio", { name: m("notices.never") }).check();
  await told;
  await guns.reload();
  await expect(guns.getByRole("radio", { name: m("notices.never") })).toBeChecked();
  await guns.close();
  const before = await server.messagesTo(eva.address);
  await per.terminal.send({ to: [gun.address, eva.address], subject: "Trappan", text: "Hej" });
  // Both would be told in one go.
  await expect.poll(() => server.messagesTo(eva.address)).toBe(before + 1);
  expect(await server.newestTo(gun.address)).not.toBe(await server.newestTo(eva.address));
});

test("one's own certificate is saved as others get it", async ({ visit, newcomer, m }) => {
  const gun = await newcomer("Gun Berg");
  const guns = await visit(gun);
  await guns.goto("/settings/keys");
  const [file] = await Promise.all([guns.waitForEvent("download"), guns.getByRole("button", { name: m("own_key.download") }).click()]);
  expect(file.suggestedFilename()).toBe(`${gun.address}.asc`);
  expect(await readFile(await file.path(), "utf8")).toContain("-----BEGIN PGP PUBLIC KEY BLOCK-----");
});

test("a new recovery sheet counts once the person says so, and then the old one does not", async ({ page, server, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  await signIn(page, server, gun, m);
  await page.goto("/settings/keys");
  const make = page.getByRole("button", { name: m("new_sheet.make") });
  await make.click();
  const left = await shownSheet(page);
  await page.getByRole("button", { name: m("new_sheet.cancel") }).click();
  await expect(page.getByText(m("new_sheet.kept.title"))).toBeVisible();
  await make.click();
  const kept = await shownSheet(page);
  expect(kept).not.toBe(left);
  await page.getByRole("button", { name: m("new_sheet.owned") }).click();
  await expect(page.getByText(m("new_sheet.done.title"))).toBeVisible();

  await page.goto("/mail/inbox");
  await signOut(page, m);
  for (const spent of [gun.recoveryCode, left]) {
    await page.goto("/forgotten");
    await askToRecover(page, gun.address, spent, m);
    await expect(problem(page)).toContainText(m("forgotten.refused_do"));
  }
  const before = await server.messagesTo(gun.phone);
  await page.goto("/forgotten");
  await askToRecover(page, gun.address, kept, m);
  await enterCode(page, await server.code(gun.phone, before), m);
  await page.getByLabel(m("new_password.label"), { exact: true }).fill("en helt ny rad med ord");
  await page.getByRole("button", { name: m("forgotten.change") }).click();
  await shownSheet(page, m("forgotten.sheet_title"));
  await keepSheet(page, m);
});

const OTHER = "nio runda fat vid en sjö";

test("a changed password opens the same letters, and the old one nothing", async ({ page, server, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], subject: "Trappan", text: "Den är lagad." });
  await signIn(page, server, gun, m);
  await page.goto("/settings/identity");
  const change = page.getByRole("button", { name: m("change_password.change") });
  await change.click();
  const password = page.getByLabel(m("new_password.label"), { exact: true });
  await expect(password).toBeFocused();
  await password.fill("sommar2024sommar");
  await expect(page.getByRole("status").getByText(m("strength.known"))).toBeVisible();
  await change.click();
  await expect(problem(page)).toContainText(m("strength.known"));
  await password.fill(`${gun.name} 4711`);
  await expect(page.getByRole("status").getByText(m("strength.own_name"))).toBeVisible();
  await page.getByRole("button", { name: m("action.cancel") }).click();
  await change.click();
  await expect(password, "what was given up is gone").toHaveValue("");
  await password.fill(OTHER);
  const before = await server.messagesTo(gun.address);
  await change.click();
  await expect(page.getByText(m("change_password.done.title"))).toBeVisible();
  await expect(page.locator(":focus")).toContainText(m("change_password.done.title"));
  await expect(password).toHaveCount(0);
  await expect.poll(() => server.messagesTo(gun.address)).toBe(before + 1);
  await page.goto("/settings/sessions");
  const events = page.getByRole("list", { name: m("events.title") }).getByRole("listitem");
  await expect(events.first()).toContainText(m("events.password_changed"));

  await page.goto("/mail/inbox");
  await signOut(page, m);
  await prove(page, gun, m);
  await expect(problem(page)).toBeVisible();
  await signIn(page, server, { ...gun, password: OTHER }, m);
  await open(page, "Trappan");
  await expect(text(page)).toContainText("Den är lagad.");
});

test("a server that kept the old password is found out while the mailbox is open", async ({ visit, newcomer, m }) => {
  const guns = await visit(await newcomer("Gun Berg"));
  await guns.context().route("**/api/v1/slots/password", (route) => route.fulfill({ status: 204 }), { times: 1 });
  await guns.goto("/settings/identity");
  const change = guns.getByRole("button", { name: m("change_password.change") });
  await change.click();
  const password = guns.getByLabel(m("new_password.label"), { exact: true });
  await password.fill(OTHER);
  await change.click();
  await expect(problem(guns)).toContainText(m("problem.password_not_taken"));
  await expect(password, "what was typed stays").toHaveValue(OTHER);
  await change.click();
  await expect(guns.getByText(m("change_password.done.title"))).toBeVisible();
});

test("the focus goes on to the next device when one is signed out from here", async ({ visit, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  await visit(gun);
  const guns = await visit(gun);
  await guns.goto("/settings/sessions");
  const devices = guns.getByRole("list", { name: m("sessions.list") }).getByRole("listitem");
  const others = devices.getByRole("button", { name: m("sessions.end.spoken", { since: "" }).trim() });
  await expect(devices, "her terminal, and two browsers").toHaveCount(3);
  const named = m("sessions.device", { program: "Chrome", system: "Linux" });
  await expect(devices.filter({ hasText: named }), "a browser says what it is").toHaveCount(2);
  await others.first().click();
  await expect(devices).toHaveCount(2);
  await expect(others).toBeFocused();
  await others.click();
  await expect(devices).toHaveCount(1);
  await expect(guns.getByRole("heading", { level: 2, name: m("settings.sessions") })).toBeFocused();
});

const TOO_OLD = { name: "proof-required", status: 403 };

test.describe("with a proof that is too old", () => {
  test("a new sheet counts after a code, and is the one that was shown", async ({ visit, server, newcomer, m, watch }) => {
    watch.expect(REFUSED);
    const gun = await newcomer("Gun Berg");
    const guns = await visit(gun);
    await refuse(guns, "PUT", "**/api/v1/slots/recovery", TOO_OLD);
    await guns.goto("/settings/keys");
    await guns.getByRole("button", { name: m("new_sheet.make") }).click();
    const sheet = await shownSheet(guns);
    const before = await server.messagesTo(gun.phone);
    await guns.getByRole("button", { name: m("new_sheet.owned") }).click();
    const dialog = guns.getByRole("dialog", { name: m("confirm.title") });
    await expect(dialog).toBeVisible();
    const code = dialog.getByLabel(m("code.label"));
    await expect(code).toBeFocused();
    expect(await shownSheet(guns), "what was shown is still there").toBe(sheet);
    const right = await server.code(gun.phone, before);
    await code.fill(right === "123456" ? "654321" : "123456");
    await expect(dialog.getByText(m("problem.code_refused")).first()).toBeVisible();
    await code.fill(right);
    await expect(dialog).toBeHidden();
    await expect(guns.getByText(m("new_sheet.done.title"))).toBeVisible();

    await guns.goto("/settings/sessions");
    const events = guns.getByRole("list", { name: m("events.title") }).getByRole("listitem");
    await expect(events.first()).toContainText(m("events.sheet_replaced"));
    await expect(events.first()).toContainText(m("sessions.current"));
    await expect(events.last()).toContainText(m("events.signed_in"));
  });

  test("a password is changed after a code, and opens what is locked", async ({ visit, server, newcomer, m, watch }) => {
    watch.expect(REFUSED);
    const gun = await newcomer("Gun Berg");
    const guns = await visit(gun);
    await refuse(guns, "POST", "**/api/v1/slots/password/begin", TOO_OLD);
    await guns.goto("/settings/identity");
    const change = guns.getByRole("button", { name: m("change_password.change") });
    await change.click();
    await guns.getByLabel(m("new_password.label"), { exact: true }).fill(OTHER);
    const before = await server.messagesTo(gun.phone);
    await guns.keyboard.press("Enter");
    const dialog = guns.getByRole("dialog", { name: m("confirm.title") });
    await dialog.getByLabel(m("code.label")).fill(await server.code(gun.phone, before));
    await expect(dialog).toBeHidden();
    await expect(guns.getByText(m("change_password.done.title"))).toBeVisible();
    await fromMenu(guns, m("app.lock"), m);
    await unlock(guns, gun.password, m);
    await expect(problem(guns)).toContainText(m("locked.wrong"));
    await unlock(guns, OTHER, m);
    await expect(guns.getByRole("heading", { level: 1, name: m("settings.title") })).toBeVisible();
  });

  test("a device is not signed out by whoever gives up, and is after a code", async ({ visit, server, newcomer, m, watch }) => {
    watch.expect(REFUSED);
    const gun = await newcomer("Gun Berg");
    const guns = await visit(gun);
    await refuse(guns, "DELETE", "**/api/v1/sessions/*", TOO_OLD, 2);
    await guns.goto("/settings/sessions");
    const devices = guns.getByRole("list", { name: m("sessions.list") }).getByRole("listitem");
    const others = devices.getByRole("button", { name: m("sessions.end.spoken", { since: "" }).trim() });
    await expect(devices, "her terminal, and this browser").toHaveCount(2);
    await others.click();
    const dialog = guns.getByRole("dialog", { name: m("confirm.title") });
    await dialog.getByRole("button", { name: m("confirm.give_up") }).click();
    await expect(dialog).toBeHidden();
    await expect(guns.getByText(m("sessions.end.failed"))).toBeVisible();
    await expect(devices).toHaveCount(2);

    const before = await server.messagesTo(gun.phone);
    await others.click();
    await expect(dialog).toBeVisible();
    await dialog.getByLabel(m("code.label")).fill(await server.code(gun.phone, before));
    await expect(dialog).toBeHidden();
    await expect(devices).toHaveCount(1);
  });
});
