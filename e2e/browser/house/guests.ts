// Somebody who has a link and a phone, and whoever wrote to them.
import { expect, type Page } from "@playwright/test";
import { violations } from "./axe.ts";
import { enterCode } from "./entering.ts";
import type { Person, Server } from "./server.ts";
import type { Newcomer } from "./test.ts";
import type { Words } from "./words.ts";

export const LETTER = { subject: "Ditt provsvar", text: "Hej Eva!\n\nProverna ser bra ut." };

export async function clean(page: Page): Promise<void> {
  expect(await violations(page)).toEqual([]);
}

/** Ticks, has the code sent, and types it: the letter is there. */
export async function open(page: Page, server: Server, eva: Person, m: Words): Promise<void> {
  await prove(page, server, eva, m);
  await expect(page.getByText("Proverna ser bra ut.")).toBeVisible();
}

export async function prove(page: Page, server: Server, eva: Person, m: Words): Promise<void> {
  const ends = eva.phone.slice(-2);
  const before = await server.messagesTo(eva.phone);
  await page.getByRole("checkbox", { name: m("guest.mine", { ends }) }).check();
  await page.getByRole("button", { name: m("guest.send") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("guest.code_title") })).toBeVisible();
  await enterCode(page, await server.code(eva.phone, before), m);
}

/** As a scanner does, in the page. */
export async function pressEverything(): Promise<void> {
  for (const button of document.querySelectorAll<HTMLButtonElement>("main button")) button.click();
  for (const form of document.forms) form.requestSubmit();
  await new Promise((resolve) => setTimeout(resolve, 50));
}

export async function handed(anna: Newcomer, eva: Person): Promise<string> {
  const link = await anna.terminal.invite(eva, LETTER);
  if (link === null) throw new Error("no link was printed");
  return link;
}
