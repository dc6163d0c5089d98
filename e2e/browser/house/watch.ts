// What a page says that nobody should hear: each makes its test fail, unless the test named it.
import type { BrowserContext } from "@playwright/test";

/** The server says no. */
export const REFUSED = /status of 40[13]/;
/** What Chromium says of a network that is not there. */
export const NO_NETWORK = /ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_CONNECTION/;
/** The server says that there is no such thing. */
export const NOT_THERE = /status of 404/;

/** Playwright keeps service workers away from most tests, and says so each time. */
const BLOCKED = /^warning: Service Worker registration blocked by Playwright/;

export class Watch {
  readonly #expected: RegExp[] = [BLOCKED];
  readonly #heard: string[] = [];

  /** The test causes this on purpose. */
  expect(...noises: RegExp[]): void {
    this.#expected.push(...noises);
  }

  /** Listens to every page and Worker of a context, from their first script on. */
  async over(context: BrowserContext): Promise<void> {
    context.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      this.#heard.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.#heard.push(`uncaught: ${error.error().stack ?? error.error().message}`));
    if (context.browser()?.browserType().name() === "firefox") await withoutPolicy(context);
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (violation) => {
        console.error(`policy: ${violation.violatedDirective} ${violation.blockedURI} ${violation.sourceFile}:${violation.lineNumber}`);
      });
    });
  }

  /** What was heard and not expected. */
  unexpected(): string[] {
    return this.#heard.filter((noise) => !this.#expected.some((expected) => expected.test(noise)));
  }
}

/** In Firefox the driver's own scripts would be refused by the page's policy, since they evaluate texts. */
async function withoutPolicy(context: BrowserContext): Promise<void> {
  await context.route("**", async (route) => {
    if (route.request().resourceType() !== "document") return route.fallback();
    const response = await route.fetch();
    const { "content-security-policy": _, ...headers } = response.headers();
    await route.fulfill({ response, headers });
  });
}
