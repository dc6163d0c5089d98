// The files of an opened letter: which are being fetched, which are saved, and which were not what their sender sent.

import { NotTheFile, type Downloads, type LetterFile, type Receiving } from "./engine.ts";
import { eachOnce, savedName, shownName } from "./file_names.ts";
import { riskOf } from "./kinds.ts";
import { openSink, type NoSink, type OpenSink } from "./sinks.ts";
import { said, type Voice } from "./voice.ts";
import { zipOf, type ZipEntry } from "./zip.ts";

export type Receipt =
  | Receiving
  | { is: Exclude<NoSink, "given-up"> }
  /** The disk did not take it. */
  | { is: "not-saved" };

/** All of them as one file. `at`: how many are in it so far; `broken`: the one that was not what was sent. */
export type ReceiptOfAll = { at: number; count: number; size: number; name: string } & (Receipt | { is: "broken"; broken: string });

interface Running {
  index: number;
  written: Promise<void>;
}

/** Milliseconds by which what the Worker says of a file may come later than the end of its stream. */
const WORD_COMES_AFTER = 1_000;

const GOING: readonly Receipt["is"][] = ["receiving", "paused", "offline"];

export class ReceivedFiles {
  readonly files: readonly LetterFile[];
  receipts = $state.raw<ReadonlyMap<number, Receipt>>(new Map());
  all = $state.raw<ReceiptOfAll>();
  readonly #downloads: Downloads;
  readonly #letter: string;
  readonly #voice: Voice;
  readonly #open: OpenSink;
  readonly #running = new Map<string, Running>();
  /** Of all as one file: what is fetched now, and how to end it. */
  #part: { id: string; index: number; failed?: Receiving } | undefined;
  #ending: AbortController | undefined;
  #stop: (() => void) | undefined;
  readonly #pictures = new Map<number, Promise<Blob>>();

  constructor(downloads: Downloads, letter: { id: string; files: readonly LetterFile[] }, voice: Voice, open: OpenSink = openSink) {
    this.#downloads = downloads;
    this.#letter = letter.id;
    this.files = letter.files;
    this.#voice = voice;
    this.#open = open;
  }

  get size(): number {
    return this.files.reduce((sum, { size }) => sum + size, 0);
  }

  /** Those that come along when all are fetched: what needs a warning is fetched by itself, after it. */
  get harmless(): number[] {
    return this.files.flatMap(({ name }, index) => (riskOf(name) === undefined ? [index] : []));
  }

  /** Hears how they come, as long as some do: whoever goes to another letter meanwhile is told of them, too. */
  #listen(): void {
    this.#stop ??= this.#downloads.subscribe((id, state) => {
      const running = this.#running.get(id);
      if (running) void this.#told(id, running, state);
      else if (id === this.#part?.id) this.#toldOfPart(state);
    });
  }

  #listenNoMore(): void {
    if (this.#running.size > 0 || this.#ending) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  async save(index: number): Promise<void> {
    const file = this.files[index];
    if (!file || this.#idOf(index) !== undefined) return;
    const sink = await this.#open(savedName(file.name), file.size);
    if (sink === "given-up") return;
    if (sink === "no-room") return this.#is(index, { is: sink });
    this.#listen();
    const id = this.#downloads.save(this.#letter, index, sink.into);
    this.#running.set(id, { index, written: sink.written });
    this.#is(index, { is: "receiving", received: 0, secondsLeft: undefined });
    sink.written.catch(() => this.#running.has(id) && this.#isGoing(index) && this.#is(index, { is: "not-saved" }));
  }

  cancel(index: number): void {
    const id = this.#idOf(index);
    if (id === undefined) return;
    this.#running.delete(id);
    this.#downloads.cancel(id);
    this.#is(index, undefined);
    this.#listenNoMore();
  }

  pause(index: number): void {
    const id = this.#idOf(index);
    if (id !== undefined) this.#downloads.pause(id);
  }

  resume(index: number): void {
    const id = this.#idOf(index);
    if (id !== undefined) this.#downloads.resume(id);
  }

  /** Those without a warning, as one file of that name. */
  async saveAll(called: string): Promise<void> {
    if (this.all && GOING.includes(this.all.is as Receipt["is"])) return;
    const chosen = this.harmless.flatMap((index) => this.files[index] ?? []);
    const size = chosen.reduce((sum, file) => sum + file.size, 0);
    const name = savedName(`${called}.zip`);
    const begun = { at: 0, count: chosen.length, size, name };
    const sink = await this.#open(name, size);
    if (sink === "given-up") return;
    if (sink === "no-room") return void (this.all = { ...begun, is: sink });
    this.all = { ...begun, is: "receiving", received: 0, secondsLeft: undefined };
    this.#listen();
    this.#ending = new AbortController();
    try {
      await zipOf(this.#entries(chosen), new Date()).pipeTo(sink.into, { signal: this.#ending.signal });
      await sink.written;
      this.all = { ...this.all, is: "saved" };
      this.#voice.say(said.allSaved());
      this.#tellIfAll(this.harmless.length === this.files.length);
    } catch {
      this.#allFailed();
    } finally {
      this.#ending = undefined;
      setTimeout(() => this.#listenNoMore(), WORD_COMES_AFTER);
    }
  }

  pauseAll(): void {
    if (this.#part) this.#downloads.pause(this.#part.id);
  }

  resumeAll(): void {
    if (this.#part) this.#downloads.resume(this.#part.id);
  }

  cancelAll(): void {
    this.#ending?.abort();
    if (this.#part) this.#downloads.cancel(this.#part.id);
    this.all = undefined;
  }

  /** Whole and checked, to be shown and not saved. */
  async bytes(index: number): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return await this.#downloads.bytes(this.#letter, index);
    } catch (failed) {
      if (failed instanceof NotTheFile) this.#is(index, { is: "not-the-file" });
      throw failed;
    }
  }

  /** A picture, fetched once for its small and its large view. */
  picture(index: number, as: (bytes: Uint8Array<ArrayBuffer>) => Blob): Promise<Blob> {
    let picture = this.#pictures.get(index);
    if (!picture) {
      picture = this.bytes(index).then(as);
      picture.catch(() => this.#pictures.delete(index));
      this.#pictures.set(index, picture);
    }
    return picture;
  }

  #entries(chosen: readonly LetterFile[]): ZipEntry[] {
    const names = eachOnce(chosen.map((file) => savedName(file.name)));
    return chosen.map((file, place) => ({ name: names[place] ?? "", size: file.size, open: () => this.#openPart(this.files.indexOf(file)) }));
  }

  #openPart(index: number): ReadableStream<Uint8Array> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.#part = { id: this.#downloads.save(this.#letter, index, writable), index };
    return readable;
  }

  #toldOfPart(state: Receiving): void {
    const { all } = this;
    if (!all || !this.#part) return;
    if (state.is === "failed" || state.is === "not-the-file") {
      this.#part.failed = state;
      if (this.#ending) this.#ending.abort();
      else if (all.is === "not-saved") this.#allFailed();
      return;
    }
    if (!GOING.includes(all.is as Receipt["is"])) return;
    const before = this.harmless.slice(0, this.harmless.indexOf(this.#part.index)).reduce((sum, index) => sum + (this.files[index]?.size ?? 0), 0);
    if (state.is === "saved") this.all = { ...all, at: all.at + 1 };
    else this.all = { ...all, ...state, received: before + state.received };
  }

  #allFailed(): void {
    const { all } = this;
    if (!all) return; // the person broke it off
    const failed = this.#part?.failed;
    const name = shownName(this.files[this.#part?.index ?? -1]?.name ?? "");
    if (!failed) {
      const notSaved = (this.all = { ...all, is: "not-saved" });
      // Unless the Worker says in a moment that it was the file and not the disk.
      return void setTimeout(() => this.all === notSaved && this.#voice.warn(said.notSaved()), WORD_COMES_AFTER);
    }
    this.all = failed.is === "not-the-file" ? { ...all, is: "broken", broken: name } : { ...all, ...failed };
    this.#voice.warn(said.failed(name, failed, this.#voice));
  }

  async #told(id: string, { index, written }: Running, state: Receiving): Promise<void> {
    if (GOING.includes(state.is)) return this.#is(index, state);
    this.#running.delete(id);
    this.#listenNoMore();
    const name = shownName(this.files[index]?.name ?? "");
    if (state.is !== "saved") {
      this.#is(index, state);
      return this.#voice.warn(said.failed(name, state, this.#voice));
    }
    try {
      await written; // the browser puts it in its place last
      this.#is(index, state);
      this.#voice.say(said.saved(name));
      this.#tellIfAll(this.files.every((_, other) => this.receipts.get(other)?.is === "saved"));
    } catch {
      this.#is(index, { is: "not-saved" });
      this.#voice.warn(said.notSaved());
    }
  }

  #tellIfAll(all: boolean): void {
    if (all) this.#downloads.allSaved?.(this.#letter);
  }

  #isGoing(index: number): boolean {
    const receipt = this.receipts.get(index);
    return receipt !== undefined && GOING.includes(receipt.is);
  }

  #idOf(index: number): string | undefined {
    return [...this.#running].find(([, running]) => running.index === index)?.[0];
  }

  #is(index: number, receipt: Receipt | undefined): void {
    const receipts = new Map(this.receipts);
    if (receipt) receipts.set(index, receipt);
    else receipts.delete(index);
    this.receipts = receipts;
  }
}
