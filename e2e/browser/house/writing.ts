// How a person finds, writes and sends letters, where many tests do the same.
import { expect, type Locator, type Page } from "@playwright/test";
import type { Words } from "./words.ts";

export type FolderName = "inbox" | "sent" | "drafts" | "archive" | "trash";

/** Goes to a folder by the menu of the mailbox, the way the width has it. */
export async function goTo(page: Page, folder: FolderName, m: Words): Promise<void> {
  const name = m(`folder.${folder}`);
  const link = page.getByRole("navigation").getByRole("link", { name }).filter({ visible: true });
  const more = page.getByRole("button", { name: m("nav.more"), exact: true });
  if ((folder === "archive" || folder === "trash") && (await more.isVisible())) {
    await more.click();
    await page.getByRole("group", { name: m("app.account") }).getByRole("link", { name }).click();
  } else {
    await link.click();
  }
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
}

/** A line of the list that is shown. */
export function row(page: Page, subject: string): Locator {
  return page.getByRole("listitem").getByRole("link", { name: subject });
}

/** Opens a letter from the list, and waits until it was checked. */
export async function open(page: Page, subject: string): Promise<void> {
  await row(page, subject).click();
  await expect(page.getByRole("article").getByRole("heading", { level: 1, name: subject, exact: true })).toBeVisible();
}

export interface ToWrite {
  to: string[];
  subject: string;
  text: string;
}

/** A letter that nothing hangs on, where its words are to be found again. */
export const DIARY = { subject: "Dagboken", text: "Kära dagbok,\n\nidag regnar det." };

/** Begins a new letter, and types it. */
export async function write(page: Page, letter: ToWrite, m: Words): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name: m("nav.write_short") }).filter({ visible: true }).first().click();
  await expect(page.getByRole("combobox", { name: m("write.to"), exact: true })).toBeFocused();
  for (const address of letter.to) await addReader(page, address, m);
  await page.getByRole("textbox", { name: m("write.subject") }).fill(letter.subject);
  await page.getByRole("textbox", { name: m("write.text") }).fill(letter.text);
}

export async function addReader(page: Page, address: string, m: Words): Promise<void> {
  const to = page.getByRole("combobox", { name: m("write.to"), exact: true });
  await to.fill(address);
  await to.press("Enter");
}

/** Pastes into whatever has the focus, as a person does: line breaks and all. */
export async function pasteHere(page: Page, text: string): Promise<void> {
  await page.evaluate((pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", pasted);
    document.activeElement?.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

/** The chips of the readers. */
export function readers(page: Page, m: Words): Locator {
  return page.getByRole("list", { name: m("write.recipients") }).getByRole("listitem");
}

/** Sends it, and does not wait for the ten seconds in which that could be undone. */
export async function send(page: Page, m: Words): Promise<void> {
  const released = page.context().waitForEvent("response", (response) => response.url().endsWith("/release"));
  await page.getByRole("button", { name: m("write.send") }).click();
  await page.getByRole("button", { name: m("outbox.now") }).click();
  // The status may still say so of the letter before.
  await released;
  await expect(page.getByRole("status").filter({ hasText: m("outbox.sent") })).toBeAttached();
}

/** The text of the letter that is open. */
export function text(page: Page): Locator {
  return page.getByRole("article");
}

/** What is done with the open letter more seldom. */
export async function fromLetterMenu(page: Page, choice: string, m: Words): Promise<void> {
  await page.getByRole("button", { name: m("letter.more") }).click();
  const menu = page.getByRole("group", { name: m("letter.more") });
  await menu.getByRole("button", { name: choice }).or(menu.getByRole("link", { name: choice })).click();
}

/** A line of the list while letters are picked. */
export function box(page: Page, subject: string): Locator {
  return page.getByRole("checkbox", { name: subject });
}

/** What was just done, and the way back. */
export function toast(page: Page, m: Words): Locator {
  return page.getByRole("region", { name: m("toast.label") });
}
