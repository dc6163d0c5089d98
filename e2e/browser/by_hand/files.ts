// A large file sent and got in the page, beside the same bytes copied by the same page over the same API without encryption: ratios
// travel, seconds don't. `FILES_MIB=5120 SECUREMAILBOX_BIN=… npm run files`: the disk needs five times as much.
import { mkdtemp, open as openFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { say } from "../house/many_letters.ts";
import { commandOf, descendants, memoryOf } from "../house/slowed.ts";
import { expect, test } from "../house/test.ts";
import { open, send, write } from "../house/writing.ts";

const MIB = Number(process.env.FILES_MIB ?? 256);
const WHOLE = MIB * 1024 * 1024;
const PART = 1024 ** 3;

test("files", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const path = await noise();
  const guns = await visit(gun);
  const rawUp = await timed(() => copied(guns, path));
  const most = watched();
  await write(guns, { to: [per.address], subject: "Stor", text: "Här." }, m);
  const up = await timed(async () => {
    await guns.locator("main input[type=file]").first().setInputFiles(path);
    await expect(guns.getByText(m("files.note_going"))).toBeVisible();
    await expect(guns.getByText(m("files.note_going"))).toHaveCount(0, { timeout: 1_200_000 });
  });
  await send(guns, m);
  say(`up: ${rate(up)} MiB/s, copied ${rate(rawUp)}, ratio ${(rawUp / up).toFixed(2)}; largest process ${most().toFixed(0)} MB`);

  const pers = await visit(per);
  await open(pers, "Stor");
  const mostDown = watched();
  await pers.evaluate(() => {
    // The system's own question can't be pressed: the file goes to the browser's own disk by the same kind of handle.
    const root = navigator.storage.getDirectory();
    Object.assign(window, { showSaveFilePicker: async () => (await root).getFileHandle("stor.bin", { create: true }) });
  });
  const down = await timed(async () => {
    await pers.getByRole("button", { name: m("files.get_named", { name: "stor.bin" }) }).click();
    await expect(pers.getByText(/Filen är hel\.|The file is whole\./u).first()).toBeVisible({ timeout: 1_200_000 });
  });
  say(`down: ${rate(down)} MiB/s; largest process ${mostDown().toFixed(0)} MB`);
  expect(await pers.evaluate(async () => (await (await (await navigator.storage.getDirectory()).getFileHandle("stor.bin")).getFile()).size)).toBe(WHOLE);
  const rawDown = await timed(() => copiedBack(guns));
  say(`down copied: ${rate(rawDown)} MiB/s, ratio ${(rawDown / down).toFixed(2)}`);
});

function rate(millis: number): string {
  return ((MIB * 1000) / millis).toFixed(0);
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}

/** A file on the disk that nothing can make smaller. */
async function noise(): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "securemailbox-")), "stor.bin");
  const file = await openFile(path, "w");
  const chunk = randomBytes(8 * 1024 * 1024);
  for (let left = WHOLE; left > 0; left -= chunk.length) {
    chunk.writeDoubleBE(left, 0);
    await file.write(chunk.subarray(0, Math.min(left, chunk.length)));
  }
  await file.close();
  return path;
}

/** Uploads the same file as it is, and leaves it at the server. */
async function copied(page: Page, path: string): Promise<void> {
  const input = await page.evaluateHandle(() => document.body.appendChild(Object.assign(document.createElement("input"), { type: "file", id: "raw" })));
  await input.asElement()?.setInputFiles(path);
  await page.evaluate(
    async ({ part }) => {
      const input = document.getElementById("raw") as HTMLInputElement;
      const file = input.files?.[0] as File;
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
      input.remove();
    },
    { part: PART },
  );
}

async function copiedBack(page: Page): Promise<void> {
  await page.evaluate(async () => {
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

/** The most memory that one of the browser's processes has, from now on, in MB. */
function watched(): () => number {
  let most = 0;
  const look = setInterval(() => {
    for (const pid of descendants(process.pid)) {
      try {
        if (commandOf(pid).includes("--type=renderer")) most = Math.max(most, memoryOf(pid));
      } catch {
        // It ended meanwhile.
      }
    }
  }, 500);
  return () => {
    clearInterval(look);
    return most;
  };
}
