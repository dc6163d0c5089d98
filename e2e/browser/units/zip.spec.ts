// Several attachments as one file: another program reads it, and what can't be had whole breaks it off.
import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expect, test } from "@playwright/test";
import { zipOf } from "../../../web/src/attachments/zip.ts";

const MADE = new Date(2026, 10, 24, 10, 42);

const READ = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    bad = None if len(sys.argv) > 2 else z.testzip()
    print(json.dumps([bad, [[i.filename, i.file_size, i.date_time[:5], i.compress_type] for i in z.infolist()]]))
`;

function streamOf(...parts: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

/** So many octets, without being there at once. */
function zeros(size: number): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(1 << 20);
  let left = size;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      const some = Math.min(left, piece.length);
      controller.enqueue(piece.subarray(0, some));
      left -= some;
    },
  });
}

test("is read by another program, names and all", async ({}, info) => {
  const text = new TextEncoder().encode("Hej!");
  const entries = [
    { name: "Läkarintyg åäö.pdf", size: 8, open: () => streamOf(text, text) },
    { name: "👩‍⚕️.txt", size: 4, open: () => streamOf(text) },
    { name: "tom", size: 0, open: () => streamOf() },
  ];
  const path = info.outputPath("alla.zip");
  await writeFile(path, Readable.fromWeb(zipOf(entries, MADE) as Parameters<typeof Readable.fromWeb>[0]));
  const [bad, read] = JSON.parse(execFileSync("python3", ["-c", READ, path], { encoding: "utf8" })) as [string | null, unknown[]];
  expect(bad).toBeNull();
  const date = [2026, 11, 24, 10, 42];
  expect(read).toEqual(entries.map(({ name, size }) => [name, size, date, 0]));
});

test("asks for each file when its turn comes, and ends with the first that is not whole", async () => {
  const opened: number[] = [];
  const entry = (at: number, open: () => ReadableStream<Uint8Array>) => ({ name: `${String(at)}.txt`, size: 1, open: () => (opened.push(at), open()) });
  const broken = () => new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("not the file")) });
  const zip = zipOf([entry(1, () => streamOf(new Uint8Array(1))), entry(2, broken), entry(3, () => streamOf())], MADE);
  await expect(new Response(zip).arrayBuffer()).rejects.toThrow("not the file");
  expect(opened).toEqual([1, 2]);
});

// 4.1 GB on the disk for a minute: by hand, `BIG=1 npx playwright test --project units zip`.
test("may be larger than four gigabytes", async ({}, info) => {
  test.skip(process.env.BIG === undefined, "takes a minute and 4.1 GB");
  test.setTimeout(300_000);
  const size = 2 ** 32 + 5;
  const path = info.outputPath("stor.zip");
  const entries = [{ name: "stor.bin", size, open: () => zeros(size) }, { name: "efter.txt", size: 1, open: () => streamOf(new Uint8Array(1)) }];
  await pipeline(Readable.fromWeb(zipOf(entries, MADE) as Parameters<typeof Readable.fromWeb>[0]), createWriteStream(path));
  const [bad, read] = JSON.parse(execFileSync("python3", ["-c", READ, path], { encoding: "utf8" })) as [string | null, [string, number][]];
  expect(bad).toBeNull();
  expect(read.map(([name, octets]) => [name, octets])).toEqual([["stor.bin", size], ["efter.txt", 1]]);
});
