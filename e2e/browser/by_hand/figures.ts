// What the page weighs, how long 1,000 letters take to be there, and what memory they need. Ratios travel, seconds don't:
// the same loop is timed in page and Worker beside them.
import { type BrowserContext, chromium, type Page, type Worker } from "@playwright/test";
import { chromium as found } from "../house/chromium.ts";
import { enterCode, proved } from "../house/entering.ts";
import { commandOf, descendants, memoryOf, slowed } from "../house/slowed.ts";
import { expect, type Newcomer, test } from "../house/test.ts";
import type { Words } from "../house/words.ts";

const LETTERS = 1_000;
const SENDERS = 4;
const SLOWED = 4;
/** A letter of half a page. */
const TEXT = "Hej Gun!\n\nTack för att du hörde av dig. Jag har läst igenom allt och återkommer i veckan med svar.\n\n".repeat(8);

interface Visit {
  page: Page;
  context: BrowserContext;
}

test("figures", async ({ server, newcomer, m }) => {
  const gun = await newcomer("Gun Berg");
  await Promise.all(Array.from({ length: SENDERS }, async (_, sender) => writeMany(await newcomer(`Per${sender} Ek`), gun)));

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
    const code = await proved(page, server, gun, m);
    const faster = times === 1 ? () => undefined : slowed(root, times);
    const name = times === 1 ? "" : `, slowed ${times} times`;
    await enterCode(page, code, m);
    await timed(`cold: from the code to the first letter, new device${name}`, () => firstLetter(page, m));
    await timed(`warm: reload to the first letter${name}`, async () => {
      await page.reload({ waitUntil: "commit" });
      await firstLetter(page, m);
    });
    say(`the same loop: page ${await page.evaluate(loop)} ms, Worker ${await worker(page).evaluate(loop)} ms${name}`);
    faster();
    if (times === 1) await remember(page, root);
    await context.close();
  }
  await browser.close();
  await running.close();
});

async function writeMany(sender: Newcomer, to: Newcomer): Promise<void> {
  for (let number = 0; number < LETTERS / SENDERS; number++) {
    await sender.terminal.send({ to: [to.address], subject: `Ärende ${number} från ${sender.name}`, text: TEXT });
  }
}

async function firstLetter(page: Page, m: Words): Promise<void> {
  const list = page.getByRole("list", { name: m("folder.inbox") });
  await expect(list.getByRole("listitem").first()).toHaveAttribute("aria-setsize", String(LETTERS));
  await expect(list.getByRole("link").first()).toBeVisible();
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

function say(line: string): void {
  console.log(line);
}
