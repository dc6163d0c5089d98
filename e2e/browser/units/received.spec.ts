// The files of an opened letter: when one is called saved, and what becomes of one that is not what was sent.
import "./runes.ts";
import { expect, test } from "@playwright/test";
import type { Downloads, Receiving } from "../../../web/src/attachments/engine.ts";
import { ReceivedFiles } from "../../../web/src/attachments/received.svelte.ts";
import type { NoSink, Sink } from "../../../web/src/attachments/sinks.ts";
import { inLanguage } from "./language.ts";

const FILES = [
  { name: "a.txt", type: "", size: 4, thumbnail: null },
  { name: "a.txt", type: "", size: 4, thumbnail: null },
  { name: "setup.exe", type: "", size: 4, thumbnail: null },
];
const BYTES = new TextEncoder().encode("Hej!");

/** Downloads that write what they have, and then say what the test says. */
class Told implements Downloads {
  readonly did: string[] = [];
  readonly #listeners = new Set<(id: string, state: Receiving) => void>();
  readonly #ends: readonly Receiving["is"][];

  /** `late`: milliseconds after the end of a stream until something is said of it. */
  constructor(ends: readonly Receiving["is"][] = [], readonly late = 0) {
    this.#ends = ends;
  }
  save(_letter: string, index: number, sink: WritableStream<Uint8Array>): string {
    const id = `${String(index)}/${String(this.did.length)}`;
    this.did.push(`save ${String(index)}`);
    void this.#go(id, sink.getWriter(), this.#ends[index] ?? "saved");
    return id;
  }
  async #go(id: string, writer: WritableStreamDefaultWriter<Uint8Array>, end: Receiving["is"]): Promise<void> {
    await Promise.resolve();
    this.#tell(id, { is: "receiving", received: 2, secondsLeft: undefined });
    try {
      await writer.write(BYTES);
      if (end === "receiving") return;
      if (end === "saved") await writer.close();
      else await writer.abort(new Error(end));
    } catch {
      return;
    }
    if (this.late > 0) await new Promise((resolve) => setTimeout(resolve, this.late));
    if (end === "saved" || end === "not-the-file") this.#tell(id, { is: end });
  }
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return Promise.resolve(BYTES);
  }
  cancel(id: string): void {
    this.did.push(`cancel ${id}`);
  }
  pause(): void {}
  resume(): void {}
  subscribe(told: (id: string, state: Receiving) => void): () => void {
    this.#listeners.add(told);
    return () => this.#listeners.delete(told);
  }
  get heard(): number {
    return this.#listeners.size;
  }
  #tell(id: string, state: Receiving): void {
    for (const told of this.#listeners) told(id, state);
  }
}

/** A disk that says what it was given, and fails where it is told to. */
function disk({ full = false, refuses = undefined as NoSink | undefined } = {}) {
  const saved: [name: string, octets: number][] = [];
  const open = (name: string): Promise<Sink | NoSink> => {
    if (refuses) return Promise.resolve(refuses);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    let octets = 0;
    const end = new WritableStream<Uint8Array>({
      write(piece) {
        octets += piece.length;
      },
      close() {
        if (full) throw new Error("no room");
        saved.push([name, octets]);
      },
    });
    const written = readable.pipeTo(end);
    written.catch(() => undefined);
    return Promise.resolve({ into: writable, written });
  };
  return { saved, open };
}

function opened(downloads: Told, open: (name: string, size: number) => Promise<Sink | NoSink>) {
  const heard: string[] = [];
  const voice = { from: "Björn", say: (text: string) => void heard.push(text), warn: (text: string) => void heard.push(`! ${text}`) };
  const received = new ReceivedFiles(downloads, { id: "1", files: FILES }, voice, open);
  return { received, heard };
}

test.beforeEach(() => inLanguage("sv"));

test("a file is called saved once the disk has it, and said so once", async () => {
  const { saved, open } = disk();
  const downloads = new Told();
  const { received, heard } = opened(downloads, open);
  await received.save(0);
  expect(downloads.heard).toBe(1);
  await expect.poll(() => received.receipts.get(0)?.is).toBe("saved");
  expect(downloads.heard).toBe(0);
  expect(saved).toEqual([["a.txt", 4]]);
  expect(heard).toEqual(["a.txt är sparad. Filen är hel."]);
});

test("a file that the disk does not take is not called saved, though it came whole", async () => {
  const { open } = disk({ full: true });
  const { received, heard } = opened(new Told(), open);
  await received.save(0);
  await expect.poll(() => received.receipts.get(0)?.is).toBe("not-saved");
  expect(heard).toHaveLength(1);
});

test("a file that is not what was sent leaves nothing, and says whose it is not", async () => {
  const { saved, open } = disk();
  const { received, heard } = opened(new Told(["not-the-file"]), open);
  await received.save(0);
  await expect.poll(() => received.receipts.get(0)?.is).toBe("not-the-file");
  expect(saved).toEqual([]);
  expect(heard).toEqual(["! a.txt är inte den fil som Björn skickade. Den sparades inte."]);
});

test("whoever chooses no place has asked for nothing, and what is too large says so", async () => {
  const given = opened(new Told(), disk({ refuses: "given-up" }).open);
  await given.received.save(0);
  expect(given.received.receipts.size).toBe(0);
  const large = opened(new Told(), disk({ refuses: "no-room" }).open);
  await large.received.save(0);
  expect(large.received.receipts.get(0)).toEqual({ is: "no-room" });
});

test("a file is fetched once at a time, and can be broken off", async () => {
  const downloads = new Told(["receiving"]);
  const { received } = opened(downloads, disk().open);
  await received.save(0);
  await received.save(0);
  received.cancel(0);
  expect(downloads.did).toEqual(["save 0", "cancel 0/0"]);
  expect(received.receipts.size).toBe(0);
});

test("all are one file, without what needs a warning", async () => {
  const { saved, open } = disk();
  const downloads = new Told();
  const { received, heard } = opened(downloads, open);
  await received.saveAll("Bilagor från Björn");
  expect(received.all).toMatchObject({ is: "saved", count: 2, name: "Bilagor från Björn.zip" });
  expect(downloads.did).toEqual(["save 0", "save 1"]);
  expect(saved.map(([name]) => name)).toEqual(["Bilagor från Björn.zip"]);
  expect(heard).toEqual(["Alla filer är sparade. De är hela."]);
});

for (const late of [0, 50]) {
  test(`all of them are not saved if one of them is not what was sent, which is said after ${String(late)} ms`, async () => {
    const { saved, open } = disk();
    const { received, heard } = opened(new Told(["saved", "not-the-file"], late), open);
    await received.saveAll("x");
    await expect.poll(() => received.all).toMatchObject({ is: "broken", broken: "a.txt" });
    expect(saved).toEqual([]);
    expect(heard).toEqual(["! a.txt är inte den fil som Björn skickade. Den sparades inte."]);
  });
}

test("all of them can be broken off", async () => {
  const { saved, open } = disk();
  const downloads = new Told(["receiving"]);
  const { received, heard } = opened(downloads, open);
  const all = received.saveAll("x");
  await expect.poll(() => received.all?.is).toBe("receiving");
  await expect.poll(() => downloads.did.length).toBe(1);
  received.cancelAll();
  await all;
  expect(received.all).toBeUndefined();
  expect([saved, heard]).toEqual([[], []]);
  expect(downloads.did).toEqual(["save 0", "cancel 0/0"]);
});
