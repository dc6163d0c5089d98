// What the page weighs, how long 1,000 letters take to be there, what memory they need, and what one more writes. Ratios
// travel, seconds don't: the same loop is timed in page and Worker beside them. `FIGURES_AT=http://localhost:…` names a
// server that is asked instead of an own one: the example `many_letters` of e2e fills one with 20,000.
import { type BrowserContext, chromium, type Page, type Worker } from "@playwright/test";
import { chromium as found } from "../house/chromium.ts";
import { enterCode, proved } from "../house/entering.ts";
import { filled, HOW_MANY, inbox, say, SLOWED, test, TEXT } from "../house/many_letters.ts";
import { commandOf, descendants, memoryOf, slowed } from "../house/slowed.ts";
import { expect } from "../house/test.ts";
import type { Words } from "../house/words.ts";

/** After that long without a call the device has what the mailbox knows. */
const WRITTEN_DOWN = 3_000;

interface Visit {
  page: Page;
  context: BrowserContext;
}

test("figures", async ({ server, newcomer, m }) => {
  const sender = await newcomer("Pia Ek");
  const reader = await filled(server, newcomer);

  const running = await chromium.launchServer({ ...found(), args: [...(found().args ?? []), "--enable-blink-features=ForceEagerMeasureMemory"] });
  const browser = await chromium.connect(running.wsEndpoint());
  const root = running.process().pid ?? 0;
  const visit = async (): Promise<Visit> => {
    const context = await browser.newContext({ baseURL: server.url, locale: "sv-SE", viewport: { width: 1280, height: 800 } });
    return { context, page: await context.newPage() };
  };

  await weigh(await visit());
  for (const times of [1, SLOWED]) {
    const { page, context } = await visit();
    const code = await proved(page, server, reader, m);
    const faster = times === 1 ? () => undefined : slowed(root, times);
    const name = times === 1 ? "" : `, slowed ${times} times`;
    await enterCode(page, code, m);
    await timed(`cold: from the code to the first letter, new device${name}`, () => firstLetter(page, m));
    await timed(`cold: from there until all are counted${name}`, () => allCounted(page, m));
    await page.waitForTimeout(WRITTEN_DOWN);
    await timed(`warm: reload to the first letter${name}`, async () => {
      await page.reload({ waitUntil: "commit" });
      await firstLetter(page, m);
    });
    await timed(`warm: from there until all are counted${name}`, () => allCounted(page, m));
    say(`the same loop: page ${await page.evaluate(loop)} ms, Worker ${await worker(page).evaluate(loop)} ms${name}`);
    faster();
    if (times === 1) {
      await remember(page, root);
      await page.waitForTimeout(WRITTEN_DOWN);
      await writeOneMore(page, () => sender.terminal.send({ to: [reader.address], subject: "Ett till", text: TEXT }));
    }
    await context.close();
  }
  await browser.close();
  await running.close();
});

async function firstLetter(page: Page, m: Words): Promise<void> {
  await expect(inbox(page, m).getByRole("link").first()).toBeVisible();
}

/** The list says of how many letters its rows are, as soon as the device knows. */
async function allCounted(page: Page, m: Words): Promise<void> {
  const size = inbox(page, m).getByRole("listitem").first();
  await expect.poll(async () => Number(await size.getAttribute("aria-setsize")), { intervals: [20] }).toBeGreaterThanOrEqual(HOW_MANY);
}

/** What the device is given after one new letter: each row that is written, in the realm that writes them. */
async function writeOneMore(page: Page, send: () => Promise<unknown>): Promise<void> {
  const listening = (realm: Worker) =>
    realm.evaluate(() => {
      const told = self as unknown as { writings: number[] };
      const { put } = IDBObjectStore.prototype;
      told.writings = [];
      IDBObjectStore.prototype.put = function (value: { byteLength: number }, key?: IDBValidKey) {
        told.writings.push(value.byteLength);
        return put.call(this, value, key);
      };
    });
  for (const realm of page.workers()) await listening(realm);
  await send();
  await page.waitForTimeout(4 * WRITTEN_DOWN);
  const written = await Promise.all(page.workers().map((realm) => realm.evaluate(() => (self as unknown as { writings: number[] }).writings)));
  const sizes = written.flat();
  const bytes = sizes.reduce((total, size) => total + size, 0);
  say(`written to the device after one new letter: ${bytes} bytes in ${sizes.length} rows`);
}

/** What comes over the wire for the sign-in page, compressed; the WebAssembly by itself. */
async function weigh({ page, context }: Visit): Promise<void> {
  const session = await context.newCDPSession(page);
  const paths = new Map<string, string>();
  const bytes = new Map<string, number>();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => paths.set(requestId, new URL(request.url).pathname));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => bytes.set(paths.get(requestId) ?? "", encodedDataLength));
  await session.send("Network.enable");
  await page.goto("/sign-in");
  await expect.poll(() => [...bytes.keys()].some((path) => path.endsWith(".wasm"))).toBe(true);
  const all = [...bytes].toSorted(([, a], [, b]) => b - a);
  const sum = (kept: typeof all) => (kept.reduce((total, [, size]) => total + size, 0) / 1000).toFixed(1);
  say(`sign-in page before the vault: ${sum(all.filter(([path]) => !path.endsWith(".wasm")))} kB over the wire, with headers`);
  say(`WebAssembly: ${sum(all.filter(([path]) => path.endsWith(".wasm")))} kB`);
  for (const [path, size] of all) say(`  ${(size / 1000).toFixed(1).padStart(7)} kB ${path}`);
  await context.close();
}

async function remember(page: Page, root: number): Promise<void> {
  const measured = await page.evaluate(async () => {
    interface Measured {
      bytes: number;
      breakdown: { bytes: number; types: string[]; attribution: { scope: string }[] }[];
    }
    const measuring = performance as Performance & { measureUserAgentSpecificMemory(): Promise<Measured> };
    return measuring.measureUserAgentSpecificMemory();
  });
  const mb = (size: number) => (size / 1e6).toFixed(1);
  say(`memory: ${mb(measured.bytes)} MB in page and Workers, by the browser's word`);
  for (const { bytes, types, attribution } of measured.breakdown.filter((part) => part.bytes > 0)) {
    say(`  ${mb(bytes).padStart(6)} MB ${attribution.map(({ scope }) => scope).join()} ${types.join()}`);
  }
  const renderers = descendants(root).filter((pid) => commandOf(pid).includes("--type=renderer"));
  const heaviest = Math.max(...renderers.map(memoryOf));
  say(`memory of the tab's process: ${heaviest.toFixed(0)} MB (PSS)`);
}

/** Ten million steps, in milliseconds. */
function loop(): number {
  const began = performance.now();
  let sum = 0;
  for (let step = 0; step < 1e7; step++) sum = (sum * 31 + step) | 0;
  return Math.round(performance.now() - began + (sum & 0)); // so that the loop is not optimised away
}

function worker(page: Page): Worker {
  const [first] = page.workers();
  if (!first) throw new Error("no Worker runs");
  return first;
}

async function timed(what: string, act: () => Promise<void>): Promise<void> {
  const began = performance.now();
  await act();
  say(`${what}: ${((performance.now() - began) / 1000).toFixed(2)} s`);
}
