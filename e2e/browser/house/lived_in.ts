// The tests' people, and besides them Anna with her letters: written once by each worker, looked at by every test.
import type { Page } from "@playwright/test";
import { begin, type Doctor, furnish } from "./annas_mailbox.ts";
import { words } from "./words.ts";
import { test as base } from "./test.ts";

export { expect, type Page, type Route } from "./test.ts";

interface LivedIn {
  anna: Doctor;
}

interface Standing {
  /** Anna's browser, on her inbox. */
  annas: Page;
  /** A browser that nobody is signed in to. */
  nobodys: Page;
}

export const test = base.extend<Standing, LivedIn>({
  anna: [
    async ({ server, browser }, use) => {
      const anna = await furnish(server);
      const page = await browser.newPage({ baseURL: server.url, locale: "sv-SE" });
      await begin(page, server, anna, words("sv"));
      await page.context().close();
      await use(anna);
    },
    { scope: "worker", timeout: 120_000 },
  ],
  annas: async ({ visit, anna }, use) => use(await visit(anna)),
  nobodys: async ({ visit }, use) => use(await visit()),
});
