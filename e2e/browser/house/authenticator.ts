// An authenticator app: Debian's oathtool, which knows RFC 6238 from elsewhere.
import { execFileSync } from "node:child_process";
import { expect, type Locator, type Page } from "@playwright/test";
import { enterCode } from "./entering.ts";
import type { Person, Server } from "./server.ts";
import type { Words } from "./words.ts";

const STEP = 30;

export class App {
  readonly #secret: string;
  /** The step of the code that was shown last: none is shown twice. */
  #last = 0;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** A code that was not shown before: the server takes one step around now. */
  next(): string {
    const now = Math.floor(Date.now() / 1000 / STEP);
    this.#last = Math.max(now - 1, this.#last + 1);
    if (this.#last > now + 1) throw new Error("the app has shown the codes of this minute");
    return this.#code(this.#last);
  }

  /** The one that was shown last, once more. */
  same(): string {
    return this.#code(this.#last);
  }

  #code(step: number): string {
    return execFileSync("oathtool", ["--totp", "--base32", `--now=@${step * STEP}`, this.#secret], { encoding: "utf8" }).trim();
  }
}

/** The heading of a step. */
export function step(page: Page, name: string): Locator {
  return page.getByRole("heading", { level: 2, name, exact: true });
}

/** Reads the secret that is shown to be typed. */
export async function appOnPage(page: Page, m: Words): Promise<App> {
  await page.getByText(m("identity.cannot_scan")).click();
  const shown = await page.getByLabel(m("identity.secret")).innerText();
  return new App(shown.replace(/\s/g, ""));
}

/** From the tick to the first code of the app. */
export async function addApp(page: Page, server: Server, person: Person, m: Words): Promise<App> {
  await page.goto("/settings/identity");
  await page.getByRole("checkbox", { name: m("identity.installed") }).check();
  const before = await server.messagesTo(person.phone);
  await page.getByRole("button", { name: m("action.continue") }).click();
  await expect(step(page, m("identity.authorise"))).toBeVisible();
  await enterCode(page, await server.code(person.phone, before), m);
  await expect(step(page, m("identity.scan_title"))).toBeVisible();
  const app = await appOnPage(page, m);
  await page.getByRole("button", { name: m("identity.added") }).click();
  await page.getByLabel(m("code.app_label")).fill(app.next());
  await expect(step(page, m("identity.step_8"))).toBeVisible();
  return app;
}

/** Ten one-time codes, on paper. */
export async function makeCodes(page: Page, m: Words): Promise<string[]> {
  await page.goto("/settings/identity#codes");
  await page.getByRole("button", { name: m("codes.make") }).click();
  await expect(step(page, m("codes.yours"))).toBeVisible();
  const codes = await page.getByRole("list", { name: m("codes.title") }).getByRole("listitem").allInnerTexts();
  await page.getByRole("checkbox", { name: m("codes.on_paper") }).check();
  await page.getByRole("button", { name: m("action.done") }).click();
  await expect(page).not.toHaveURL(/#codes$/);
  return codes.map((code) => code.trim());
}
