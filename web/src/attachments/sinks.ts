// Where a file goes while it is fetched: to the disk, where the browser lets a page write there; else it is held in memory, and
// saved once it is whole.

import { saveFile } from "../parts/save_file.ts";

/** Octets that are held in memory at most. */
export const MOST_IN_MEMORY = 512_000_000;
/** The browser may put what is folded so far on its own disk. */
const FOLDED = 16_000_000;

export interface Sink {
  /** To be closed for a whole file, and aborted for any other: then nothing of it is kept. */
  into: WritableStream<Uint8Array>;
  /** Once the file is there; rejects where it was aborted, or the disk did not take it. */
  written: Promise<void>;
}

/** `given-up`: the person chose no place. `no-room`: it is more than can be taken here. */
export type NoSink = "given-up" | "no-room";

/** Opens one for a file of so many octets. Asks the person where it goes, so a press has to have led here. */
export type OpenSink = (name: string, size: number) => Promise<Sink | NoSink>;

/** Of the File System Access API (WICG), which TypeScript does not know. */
interface Picker {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<ChosenFile>;
}

type ChosenFile = FileSystemFileHandle & { remove?: () => Promise<void> };

export const openSink: OpenSink = async (name, size) => {
  const file = await picked(name);
  if (file === "given-up") return file;
  if (file) return onDisk(file);
  return size > MOST_IN_MEMORY ? "no-room" : sinkInto(inMemory((whole) => saveFile(name, whole, PLAIN)));
};

async function onDisk(file: ChosenFile): Promise<Sink> {
  // One that may not be written, or is in use, fails as a disk does that takes nothing.
  const refusing = (error: unknown) => new WritableStream<Uint8Array>({ start: () => Promise.reject(error instanceof Error ? error : new Error("no place")) });
  const sink = sinkInto(await file.createWritable().catch(refusing));
  // What was chosen was emptied by that; where nothing came into it, it goes again.
  sink.written.catch(async () => (await file.getFile()).size === 0 && (await file.remove?.())).catch(() => undefined);
  return sink;
}

/** Whatever its sender says it is: the browser saves it, and opens nothing. */
const PLAIN = "application/octet-stream";

async function picked(suggestedName: string): Promise<ChosenFile | "given-up" | undefined> {
  const { showSaveFilePicker } = window as Picker;
  try {
    return await showSaveFilePicker?.({ suggestedName });
  } catch (refusal) {
    if (refusal instanceof DOMException && refusal.name === "AbortError") return "given-up";
    return undefined; // a name that it does not take, or no press that it knows of
  }
}

/** A stream of its own before it: that one can be given to a Worker in every browser that can give any. */
function sinkInto(end: WritableStream<Uint8Array>): Sink {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const written = readable.pipeTo(end);
  written.catch(() => undefined); // it may be rejected before anybody waits for it
  return { into: writable, written };
}

function inMemory(done: (whole: Blob) => void): WritableStream<Uint8Array> {
  let folded = new Blob();
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  const fold = () => {
    folded = new Blob([folded, ...pieces]);
    [pieces, held] = [[], 0];
  };
  return new WritableStream({
    write(piece) {
      pieces.push(piece as Uint8Array<ArrayBuffer>);
      held += piece.length;
      if (held >= FOLDED) fold();
    },
    close() {
      fold();
      done(folded);
    },
    abort: fold,
  });
}
