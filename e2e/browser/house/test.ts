// What every test here is given: a server of its own worker, people, the page's words, and an ear for what goes wrong.
import { type BrowserContext, expect, type Locator, type Page, type Route, test as base } from "@playwright/test";
import { inMailbox, signIn } from "./entering.ts";
import { type Person, Server } from "./server.ts";
import { StoredSignIns } from "./stored_sign_ins.ts";
import { Terminal } from "./terminal.ts";
import { Watch } from "./watch.ts";
import { type Language, type Words, words } from "./words.ts";

export { expect, type Locator, type Page, type Route };

export interface House {
  /** What the browser asks for. */
  language: Language;
}

interface ForAWorker {
  server: Server;
  storedSignIns: StoredSignIns;
}

interface ForATest {
  watch: Watch;
  /** The page's words in the test's language. */
  m: Words;
  /** A new browser; a browser with somebody signed in to stay, on their inbox. */
  visit: (person?: Person) => Promise<Page>;
  /** Somebody who has no mailbox yet. */
  stranger: (name: string) => Person;
  /** Somebody who made a mailbox at a terminal a moment ago. */
  newcomer: (name: string) => Promise<Newcomer>;
}

export interface Newcomer extends Person {
  terminal: Terminal;
  recoveryCode: string;
}

let strangers = 0;

export const test = base.extend<House & ForATest, ForAWorker>({
  language: ["sv", { option: true }],
  locale: ({ language }, use) => use(language === "sv" ? "sv-SE" : "en-GB"),
  timezoneId: "Europe/Stockholm",
  baseURL: ({ server }, use) => use(server.url),

  server: [
    async ({}, use) => {
      const server = await Server.start();
      await use(server);
      await server.end();
    },
    { scope: "worker" },
  ],
  storedSignIns: [({ server }, use) => use(new StoredSignIns(server)), { scope: "worker" }],

  watch: [
    async ({}, use) => {
      const watch = new Watch();
      await use(watch);
      expect(watch.unexpected(), "what the page said that nobody should hear").toEqual([]);
    },
    { auto: true },
  ],
  context: async ({ context, watch }, use) => {
    await watch.over(context);
    await use(context);
  },

  m: ({ language }, use) => use(words(language)),

  visit: async ({ browser, storedSignIns, server, watch, m }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (person) => {
      // Who is new signs in here; who is met in many tests does it once.
      const isNew = person !== undefined && "recoveryCode" in person;
      const storageState = person && !isNew && (await storedSignIns.state(browser, person));
      const context = await browser.newContext(storageState ? { storageState } : {});
      contexts.push(context);
      await watch.over(context);
      const page = await context.newPage();
      await page.goto(storageState ? "/mail/inbox" : "/sign-in");
      if (isNew) await signIn(page, server, person, m, { keep: true });
      else if (person) await inMailbox(page, m);
      return page;
    });
    for (const context of contexts) await context.close();
  },

  stranger: async ({}, use, info) => {
    await use((name) => {
      const number = 1000 + info.parallelIndex * 1000 + strangers++;
      const first = name.split(" ")[0]?.toLowerCase().normalize("NFD").replace(/\W/g, "");
      return {
        name,
        address: `${first}.${number}@demo.example`,
        phone: `+4670174${number}`,
        password: `ullvante lagun ${number} tegelugn`,
      };
    });
  },
  newcomer: async ({ server, stranger }, use) => {
    await use(async (name) => {
      const person = stranger(name);
      return { ...person, ...(await Terminal.registered(server, person)) };
    });
  },
});
