// What moves the bytes of attachments, as the page sees it. A Worker reads, seals and sends them, or fetches, opens and checks
// them; here is only what a person is told of that. The classes beside this file are given one, so that a test gives its own.

import { getContext, setContext } from "svelte";
import type { Letter, Problem } from "../worker/types.ts";

export type { DraftFile } from "../worker/types.ts";

/** A file of an opened letter; its place in the list is what it is fetched by. */
export type LetterFile = Pick<Letter["files"][number], "name" | "type" | "size" | "thumbnail">;

/** One file of a letter being written. `sent`: octets; `secondsLeft`: undefined while nobody can know. */
export type Sending =
  | { is: "waiting" }
  | { is: "sending"; sent: number; secondsLeft: number | undefined }
  | { is: "paused"; sent: number }
  | { is: "offline"; sent: number }
  | { is: "up" }
  | { is: "failed"; problem: Problem }
  /** On the disk, since it was added: its beginning and its end would be of two files. */
  | { is: "changed" }
  /** In the draft, not wholly uploaded, and its bytes are not in this tab: to be picked again or taken away. */
  | { is: "elsewhere" };

export interface Uploads {
  /** Begins by itself, at most three at once. */
  add(id: string, file: File): void;
  pause(id: string): void;
  /** After a pause, or once more after a failure. */
  resume(id: string): void;
  drop(id: string): void;
  /** It is up, and the draft that is saved can open it: nothing of it is needed here any more. */
  kept(id: string): void;
  /** Tells at once, before it returns, how each file stands that it knows; then each change. Returns the way to stop. */
  subscribe(told: (id: string, state: Sending) => void): () => void;
}

/** One file of an opened letter. `received`: octets that were opened and checked so far. */
export type Receiving =
  | { is: "receiving"; received: number; secondsLeft: number | undefined }
  | { is: "paused"; received: number }
  | { is: "offline"; received: number }
  /** After the last tag and the SHA-256, and once the sink was closed (PROTOCOL §3). */
  | { is: "saved" }
  | { is: "failed"; problem: Problem }
  | { is: "not-the-file" };

export interface Downloads {
  /** The sink is transferred to the Worker, which closes it for a whole file and aborts it for any other. Returns an id. */
  save(letter: string, index: number, sink: WritableStream<Uint8Array>): string;
  /** Of a small file, to be shown: whole and checked. Rejects with `NotTheFile`, or as a call of the vault does. */
  bytes(letter: string, index: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Every file of a letter lies on this device: its sender is told. */
  allSaved?(letter: string): void;
  cancel(id: string): void;
  pause(id: string): void;
  resume(id: string): void;
  subscribe(told: (id: string, state: Receiving) => void): () => void;
}

/** What came is not what was sent. */
export class NotTheFile extends Error {}

/** What a page that writes needs of it: the uploads, and how many octets the operator lets a file have. */
export interface Outward {
  uploads: Uploads;
  largest: number;
}

const OUTWARD = Symbol("attachments that go out");
const INWARD = Symbol("attachments that came");

/** Undefined where nothing can be attached: then nothing on the page speaks of it (GUIDE "Parts and their states"). */
export function getUploads(): Outward | undefined {
  return getContext<Outward | undefined>(OUTWARD);
}

export function setUploads(outward: Outward): void {
  setContext(OUTWARD, outward);
}

export function getDownloads(): Downloads | undefined {
  return getContext<Downloads | undefined>(INWARD);
}

export function setDownloads(downloads: Downloads): void {
  setContext(INWARD, downloads);
}
