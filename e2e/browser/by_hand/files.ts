// A large file sent and got in the page, beside the same bytes copied by the same page over the same API without encryption: ratios
// travel, seconds don't. `FILES_MIB=5120 SECUREMAILBOX_BIN=… npm run files`: the disk needs five times as much. Of memory only ours
// says something: a plain copy leaves its pieces to the collector.
import { mkdtemp, open as openFile, rm } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JSHandle, Page } from "@playwright/test";
import { signIn } from "../house/entering.ts";
import { say } from "../house/many_letters.ts";
import type { Person } from "../house/server.ts";
import { expect, test as base } from "../house/test.ts";
import { type Alone, Undriven } from "../house/undriven.ts";
import { open, send, write } from "../house/writing.ts";

const MIB = Number(process.env.FILES_MIB ?? 256);
const WHOLE = MIB * 1024 * 1024;
const PART = 1024 ** 3;

type Act = JSHandle<() => Promise<unknown>>;

const test = base.extend<{ folder: string; enters: (person: Person) => Promise<Undriven> }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "securemailbox-"));
    await use(folder);
    await rm(folder, { recursive: true });
  },
  /** A browser of somebody's own, in which they are signed in to stay: a mailbox that nobody touches locks otherwise. */
  enters: async ({ server, locale, m }, use) => {
    const browsers: Undriven[] = [];
    await use(async (person) => {
      const browser = await Undriven.start(locale ?? "");
      browsers.push(browser);
      await browser.page.goto(`${server.url}/sign-in`);
      await signIn(browser.page, server, person, m, { keep: true });
      return browser;
    });
    for (const browser of browsers) await browser.end();
  },
});

test("files", async ({ enters, newcomer, folder, m }) => {
  test.setTimeout(3 * 60 * 60_000); // whoever measures waits
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const path = await noise(folder);
  const guns = await enters(gun);
  await write(guns.page, { to: [per.address], subject: "Stor", text: "Här." }, m);
  await choose(guns.page, path);
  const up = await guns.alone(await attached(guns.page, m("files.note_going")));
  say(`up: ${rate(up)} MiB/s; ${memory(up)}`);
  await send(guns.page, m);
  await choose(guns.page, path);
  const upCopied = await guns.alone(await copied(guns.page));
  say(`up copied: ${rate(upCopied)} MiB/s, ratio ${ratio(up, upCopied)}; ${memory(upCopied)}`);

  const pers = await enters(per);
  await open(pers.page, "Stor");
  const down = await pers.alone(await saved(pers.page, m("files.get_named", { name: "stor.bin" })));
  say(`down: ${rate(down)} MiB/s; ${memory(down)}`);
  expect(await pers.page.evaluate(async () => (await (await (await navigator.storage.getDirectory()).getFileHandle("stor.bin")).getFile()).size)).toBe(WHOLE);
  const downCopied = await guns.alone(await copiedBack(guns.page));
  say(`down copied: ${rate(downCopied)} MiB/s, ratio ${ratio(down, downCopied)}; ${memory(downCopied)}`);
});

function rate({ millis }: Alone): string {
  return ((MIB * 1000) / millis).toFixed(0);
}

function ratio(ours: Alone, copied: Alone): string {
  return (copied.millis / ours.millis).toFixed(2);
}

function memory({ tab, other }: Alone): string {
  return `the tab had at most ${tab.toFixed(0)} MB, ${other.name} ${other.most.toFixed(0)} MB`;
}

/** A file on the disk that nothing can make smaller. */
async function noise(folder: string): Promise<string> {
  const path = join(folder, "stor.bin");
  const file = await openFile(path, "w");
  const chunk = randomBytes(8 * 1024 * 1024);
  for (let left = WHOLE; left > 0; left -= chunk.length) {
    chunk.writeDoubleBE(left, 0);
    await file.write(chunk.subarray(0, Math.min(left, chunk.length)));
  }
  await file.close();
  return path;
}

/** Gives the page a file that it begins nothing with yet. */
async function choose(page: Page, path: string): Promise<void> {
  await page.evaluate(() => void document.body.append(Object.assign(document.createElement("input"), { type: "file", id: "chosen" })));
  await page.locator("#chosen").setInputFiles(path);
  await page.evaluate(() => {
    const input = document.getElementById("chosen") as HTMLInputElement;
    Object.assign(window, { chosen: input.files?.[0] });
    input.remove();
  });
}

/** Attaches the chosen file to the letter that is being written, until nothing is said to be going any more. */
function attached(page: Page, going: string): Promise<Act> {
  return page.evaluateHandle(
    (going) => async () => {
      const given = new DataTransfer();
      given.items.add((window as unknown as { chosen: File }).chosen);
      const input = document.querySelector("main input[type=file]") as HTMLInputElement;
      input.files = given.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
      const isGoing = () => document.querySelector("main")?.innerText.includes(going);
      const begun = performance.now();
      while (!isGoing() && performance.now() - begun < 10_000) await new Promise((resolve) => setTimeout(resolve, 20));
      if (!isGoing()) throw new Error("nothing began");
      while (isGoing()) await new Promise((resolve) => setTimeout(resolve, 100));
    },
    going,
  );
}

/** Saves the file of the open letter on the browser's own disk, since the system's own question can't be pressed. */
function saved(page: Page, button: string): Promise<Act> {
  return page.getByRole("button", { name: button }).evaluateHandle((button: HTMLElement) => async () => {
    const root = navigator.storage.getDirectory();
    Object.assign(window, { showSaveFilePicker: async () => (await root).getFileHandle("stor.bin", { create: true }) });
    button.click();
    while (!/Filen är hel\.|The file is whole\./u.test(document.body.innerText)) await new Promise((resolve) => setTimeout(resolve, 100));
  });
}

/** Uploads the chosen file as it is, and leaves it at the server. The service worker doesn't see it: this page was there before it. */
function copied(page: Page): Promise<Act> {
  return page.evaluateHandle(
    (part) => async () => {
      const file = (window as unknown as { chosen: File }).chosen;
      const tus = { "Tus-Resumable": "1.0.0" };
      const blobs: [string, number][] = [];
      for (let start = 0; start < file.size; start += part) {
        const length = Math.min(part, file.size - start);
        const begun = await fetch("/api/v1/blobs", { method: "POST", headers: { ...tus, "Upload-Length": String(length) } });
        const { id } = (await begun.json()) as { id: string };
        for (let at = 0; at < length; at += 8 * 1024 * 1024) {
          // Read first, as whoever encrypts has to.
          const body = await file.slice(start + at, start + Math.min(length, at + 8 * 1024 * 1024)).arrayBuffer();
          const headers = { ...tus, "Upload-Offset": String(at), "Content-Type": "application/offset+octet-stream" };
          const sent = await fetch(`/api/v1/blobs/${id}`, { method: "PATCH", headers, body });
          if (!sent.ok) throw new Error(String(sent.status));
        }
        blobs.push([id, length]);
      }
      Object.assign(window, { blobs });
    },
    PART,
  );
}

function copiedBack(page: Page): Promise<Act> {
  return page.evaluateHandle(() => async () => {
    const { blobs } = window as unknown as { blobs: [string, number][] };
    const root = await navigator.storage.getDirectory();
    const into = await (await root.getFileHandle("copied.bin", { create: true })).createWritable();
    for (const [id, length] of blobs) {
      for (let at = 0; at < length; at += 8 * 1024 * 1024) {
        const range = `bytes=${String(at)}-${String(Math.min(length, at + 8 * 1024 * 1024) - 1)}`;
        await into.write(await (await fetch(`/api/v1/blobs/${id}`, { headers: { range } })).arrayBuffer());
      }
    }
    await into.close();
  });
}
