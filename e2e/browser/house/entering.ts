// How a person gets in and out, where many tests do the same.
import { expect, type Locator, type Page } from "@playwright/test";
import type { Person, Server } from "./server.ts";
import type { Words } from "./words.ts";

/** Address and password, as far as the question for the code. */
export async function prove(page: Page, { address, password }: Pick<Person, "address" | "password">, m: Words): Promise<void> {
  await page.getByLabel(m("address.label")).fill(address);
  await page.getByLabel(m("password.label"), { exact: true }).fill(password);
  await page.getByRole("button", { name: m("title.sign_in"), exact: true }).click();
}

/** Types a code; the sixth digit sends it. */
export async function enterCode(page: Page, code: string, m: Words): Promise<void> {
  await page.getByLabel(m("code.label")).fill(code);
}

/** Pastes into the field for a code, as a person does: line breaks and all. */
export async function paste(page: Page, text: string, m: Words): Promise<void> {
  await page.getByLabel(m("code.label")).evaluate((field, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", pasted);
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

/** Address and password, as far as the question for the code. Returns the one that came. */
export async function proved(page: Page, server: Server, person: Person, m: Words): Promise<string> {
  if (!page.url().endsWith("/sign-in")) await page.goto("/sign-in");
  const before = await server.messagesTo(person.phone);
  await prove(page, person, m);
  return await server.code(person.phone, before);
}

/** All that the sign-in page asks for. */
export async function enter(page: Page, server: Server, person: Person, m: Words, { keep = false } = {}): Promise<void> {
  const code = await proved(page, server, person, m);
  if (keep) await page.getByRole("checkbox", { name: m("sign_in.keep") }).check();
  await enterCode(page, code, m);
}

/** From the sign-in page into the mailbox. */
export async function signIn(page: Page, server: Server, person: Person, m: Words, { keep = false } = {}): Promise<void> {
  await enter(page, server, person, m, { keep });
  await inMailbox(page, m);
}

/** The mailbox is open: the folders are there. */
export async function inMailbox(page: Page, m: Words): Promise<void> {
  await expect(page.getByRole("heading", { level: 1, name: m("folder.inbox") })).toBeVisible();
}

/** The layout is the one for a phone. */
export function isPhone(page: Page): boolean {
  return (page.viewportSize()?.width ?? 0) < 768;
}

/** What the page says is wrong. */
export function problem(page: Page): Locator {
  return page.getByRole("alert").filter({ hasText: /\S/ });
}

/** One's own menu: in the top bar; on a phone behind "More", which stands under a list, not under a letter. */
export async function fromMenu(page: Page, choice: string, m: Words): Promise<void> {
  if (isPhone(page) && /#|\/write/.test(await page.evaluate(() => location.href))) await page.goBack();
  const more = page.getByRole("button", { name: m("nav.more"), exact: true });
  const account = page.getByRole("button", { name: m("app.account") });
  await more.or(account).filter({ visible: true }).click();
  const menu = page.getByRole("group", { name: m("app.account") });
  await menu.getByRole("button", { name: choice }).or(menu.getByRole("link", { name: choice })).click();
}

/** Out of the mailbox, by its menu; over once the sign-in page is there. */
export async function signOut(page: Page, m: Words): Promise<void> {
  await fromMenu(page, m("app.sign_out"), m);
  await expect(page.getByRole("heading", { level: 1, name: m("title.sign_in") })).toBeVisible();
}

/** A password for a mailbox that is locked. */
export async function unlock(page: Page, password: string, m: Words): Promise<void> {
  await page.getByLabel(m("password.label"), { exact: true }).fill(password);
  await page.getByRole("button", { name: m("locked.unlock"), exact: true }).click();
}

/** The first questions to somebody who forgot their password. */
export async function askToRecover(page: Page, address: string, code: string, m: Words): Promise<void> {
  await page.getByLabel(m("address.label")).fill(address);
  await page.getByLabel(m("forgotten.code"), { exact: true }).fill(code);
  await page.getByRole("button", { name: m("action.continue") }).click();
}

/** From the first question to the recovery sheet. Returns its code. */
export async function register(page: Page, server: Server, person: Person, m: Words): Promise<string> {
  await page.goto("/register");
  await page.getByLabel(m("register.name"), { exact: true }).fill(person.name);
  await page.getByLabel(m("address.label")).fill(person.address);
  const mails = await server.messagesTo(person.address);
  await page.getByRole("button", { name: m("register.send_mail") }).click();
  await enterCode(page, await server.code(person.address, mails), m);
  await page.getByLabel(m("register.phone"), { exact: true }).fill(person.phone);
  const messages = await server.messagesTo(person.phone);
  await page.getByRole("button", { name: m("register.send_sms") }).click();
  await enterCode(page, await server.code(person.phone, messages), m);
  await page.getByLabel(m("new_password.label"), { exact: true }).fill(person.password);
  await page.getByRole("button", { name: m("register.make_keys") }).click();
  return await shownSheet(page, m("owed.title"));
}

/** The code on a recovery sheet, as the page shows it, under this title: seven groups of four. */
export async function shownSheet(page: Page, title?: string): Promise<string> {
  if (title !== undefined) await expect(page.getByRole("heading", { level: 1, name: title })).toBeVisible();
  const code = page.getByText(/^([0-9A-HJKMNP-TV-Z]{4}\s*){7}$/).filter({ visible: true });
  return (await code.innerText()).replace(/\s+/g, "-");
}

/** Says that the sheet is kept, and goes on into the mailbox. */
export async function keepSheet(page: Page, m: Words): Promise<void> {
  await page.getByRole("checkbox", { name: m("sheet.have_it") }).check();
  await page.getByRole("button", { name: m("sheet.open_mailbox") }).click();
  await inMailbox(page, m);
}

/** The network goes, or comes back. Playwright tells the page only; a browser tells its Workers too. */
export async function network(page: Page, here: boolean): Promise<void> {
  await page.context().setOffline(!here);
  const event = here ? "online" : "offline";
  for (const worker of page.workers()) await worker.evaluate((name) => dispatchEvent(new Event(name)), event);
}
