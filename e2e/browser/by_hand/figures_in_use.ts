// Whether the list has a row wherever one looks while it is scrolled, and how soon each press is answered: 20,000 letters, and
// a processor four times slower. `FIGURES_AT` as for the other figures.
import { chromium, type Page } from "@playwright/test";
import { chromium as found } from "../house/chromium.ts";
import { signIn } from "../house/entering.ts";
import { answerTo, type Answer, watchGaps } from "../house/eye.ts";
import { filled, HOW_MANY, inbox, say, SLOWED, test } from "../house/many_letters.ts";
import { slowed } from "../house/slowed.ts";
import { expect } from "../house/test.ts";
import type { Words } from "../house/words.ts";

/** How often each press is measured. */
const TIMES = 10;
/** After that long what a press began is over. */
const OVER = 1_000;
/** How long a hand that pulls a scroll bar rests in one place. */
const PULLED = 50;

for (const [width, height] of [[1280, 800], [390, 844]] as const) {
  test(`figures in use, ${width} wide`, async ({ server, newcomer, m }) => {
    const reader = await filled(server, newcomer);
    const running = await chromium.launchServer(found());
    const browser = await chromium.connect(running.wsEndpoint());
    const context = await browser.newContext({ baseURL: server.url, locale: "sv-SE", viewport: { width, height } });
    const page = await context.newPage();
    await signIn(page, server, reader, m);
    const last = inbox(page, m).getByRole("listitem").first();
    await expect.poll(async () => Number(await last.getAttribute("aria-setsize")), { timeout: 600_000 }).toBeGreaterThanOrEqual(HOW_MANY);

    const faster = slowed(running.process().pid ?? 0, SLOWED);
    await scroll(page, m);
    await press(page, m);
    faster();
    await browser.close();
    await running.close();
  });
}

async function scroll(page: Page, m: Words): Promise<void> {
  const rows = inbox(page, m);
  await rows.hover({ position: { x: 100, y: 100 } });
  const ways: Record<string, () => Promise<void>> = {
    "the wheel, 60 turns": async () => {
      for (let turn = 0; turn < 60; turn++) await page.mouse.wheel(0, 400);
    },
    "the wheel, 60 turns back": async () => {
      for (let turn = 0; turn < 60; turn++) await page.mouse.wheel(0, -400);
    },
    "Page Down, 40 times": async () => {
      await rows.getByRole("link").first().focus();
      for (let time = 0; time < 40; time++) await page.keyboard.press("PageDown");
    },
    "End": () => page.keyboard.press("End"),
    "Home": () => page.keyboard.press("Home"),
    "the scroll bar, pulled to 20 places": async () => {
      for (let place = 1; place <= 20; place++) {
        await rows.evaluate((list, part) => {
          let pane: Element | null = list.parentElement;
          while (pane && getComputedStyle(pane).overflowY === "visible") pane = pane.parentElement;
          (pane ?? document.scrollingElement)?.scrollTo(0, list.scrollHeight * part);
        }, ((place * 7) % 20) / 20);
        await page.waitForTimeout(PULLED);
      }
    },
  };
  for (const [way, go] of Object.entries(ways)) {
    const seen = await watchGaps(rows);
    await go();
    await expect(rows.locator(".coming")).toHaveCount(0);
    const { frames, empty, coming, longestEmpty, longestComing } = await seen();
    say(`${way}: of ${frames} frames ${empty} with a gap (at most ${Math.round(longestEmpty)} ms), ${coming} with a row on its way (at most ${Math.round(longestComing)} ms)`);
  }
}

interface Press {
  /** Where it is pressed. */
  on?: () => Promise<void>;
  press: () => Promise<void>;
  answer: Answer | (() => Promise<Answer>);
  /** Puts everything back. */
  after: () => Promise<unknown>;
}

async function press(page: Page, m: Words): Promise<void> {
  await page.goto("/mail/inbox");
  const row = inbox(page, m).getByRole("link").first();
  await row.waitFor();
  const key = (name: string) => () => page.keyboard.press(name);
  const button = (name: string) => () => page.getByRole("button", { name, exact: true }).click();
  const back = () => page.evaluate(() => history.back());
  const on = () => row.focus();
  const presses: Record<string, Press> = {
    "open a letter": { press: () => row.click(), answer: { there: "article[data-pane]" }, after: back },
    "next (j)": { on, press: key("j"), answer: { there: "[data-index='1'] a:focus" }, after: key("k") },
    "pick (x)": { on, press: key("x"), answer: { there: "[role=checkbox][aria-checked=true]" }, after: key("Escape") },
    "flag (f)": { on, press: key("f"), answer: { there: "[data-index='0'] .lucide-flag" }, after: key("f") },
    "archive (e)": { on, press: key("e"), answer: async () => ({ gone: `[id='${await row.getAttribute("id")}']` }), after: key("z") },
    "only unread": { press: button(m("list.only_unread")), answer: { there: "button:nth-child(2)[aria-pressed=true]" }, after: button(m("list.all")) },
    "write (c)": { press: key("c"), answer: { there: "#write-heading" }, after: back },
  };
  for (const [name, { on, press: act, answer, after }] of Object.entries(presses)) {
    const times: number[] = [];
    for (let time = 0; time < TIMES; time++) {
      await on?.();
      times.push(await answerTo(page, act, typeof answer === "function" ? await answer() : answer));
      await after();
      await row.waitFor();
      await page.waitForTimeout(OVER);
    }
    const sorted = times.toSorted((a, b) => a - b).map(Math.round);
    say(`${name}: ${sorted[TIMES / 2]} ms, at worst ${sorted.at(-1)} ms`);
  }
}
