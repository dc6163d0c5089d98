// An inbox with more letters than anybody reads, for what is measured: 1,000 that are written here, or the 20,000 of the
// server that `FIGURES_AT` names.
import type { Locator, Page } from "@playwright/test";
import { type Person, Server } from "./server.ts";
import { type Newcomer, test as base } from "./test.ts";
import type { Words } from "./words.ts";

const AT = process.env.FIGURES_AT;
const LETTERS = 1_000;
const SENDERS = 4;
/** How many the example `many_letters` fills an inbox with, where it is not told another number. */
const MANY = 20_000;

export const HOW_MANY = AT === undefined ? LETTERS : MANY;
export const SLOWED = 4;
/** A letter of half a page. */
export const TEXT = "Hej Gun!\n\nTack för att du hörde av dig. Jag har läst igenom allt och återkommer i veckan med svar.\n\n".repeat(8);

export const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = AT === undefined ? await Server.start() : await Server.at(AT);
      await use(server);
      await server.end();
    },
    { scope: "worker" },
  ],
});

/** Whose inbox it is. */
export async function filled(server: Server, newcomer: (name: string) => Promise<Newcomer>): Promise<Person> {
  if (AT !== undefined) return server.person("anna");
  const reader = await newcomer("Gun Berg");
  await Promise.all(Array.from({ length: SENDERS }, async (_, number) => writeMany(await newcomer(`Per${number} Ek`), reader)));
  return reader;
}

async function writeMany(sender: Newcomer, to: Person): Promise<void> {
  for (let number = 0; number < LETTERS / SENDERS; number++) {
    await sender.terminal.send({ to: [to.address], subject: `Ärende ${number} från ${sender.name}`, text: TEXT });
  }
}

export function inbox(page: Page, m: Words): Locator {
  return page.getByRole("list", { name: m("folder.inbox") });
}

/** What is measured is read by a person. */
export function say(line: string): void {
  console.log(line);
}
