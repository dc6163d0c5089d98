// A person is signed in through the page, once, to stay: what the browser then keeps is given to every test about something
// else. A session that a test ends is not taken from here.
import type { Browser, BrowserContext } from "@playwright/test";
import { signIn } from "./entering.ts";
import type { Person, Server } from "./server.ts";
import { words } from "./words.ts";

type State = Awaited<ReturnType<BrowserContext["storageState"]>>;

export class StoredSignIns {
  readonly #server: Server;
  readonly #states = new Map<string, Promise<State>>();

  constructor(server: Server) {
    this.#server = server;
  }

  state(browser: Browser, person: Person): Promise<State> {
    const known = this.#states.get(person.address) ?? this.#enter(browser, person);
    this.#states.set(person.address, known);
    return known;
  }

  async #enter(browser: Browser, person: Person): Promise<State> {
    const context = await browser.newContext({ baseURL: this.#server.url, locale: "sv-SE" });
    const page = await context.newPage();
    await signIn(page, this.#server, person, words("sv"), { keep: true });
    const state = await context.storageState({ indexedDB: true });
    await context.close();
    return state;
  }
}
