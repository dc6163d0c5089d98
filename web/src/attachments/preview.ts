// What the page itself can show of a file, and how: nothing that could run, and nothing so large that a phone gives up.

import { endingOf } from "./file_names.ts";

export type Preview = "picture" | "text" | "sound" | "film" | "pdf";

interface Shown {
  as: Preview;
  /** What the browser is told that it is; its sender's word is not asked. */
  type: string;
}

const PICTURES = "jpg:jpeg jpeg:jpeg jpe:jpeg jfif:jpeg png:png gif:gif webp:webp avif:avif bmp:bmp";
const SOUNDS = "mp3:mpeg m4a:mp4 aac:aac ogg:ogg oga:ogg opus:ogg wav:wav flac:flac";
const FILMS = "mp4:mp4 m4v:mp4 webm:webm ogv:ogg mov:mp4";
const TEXTS = "txt text md log csv tsv";

const SHOWN = new Map<string, Shown>();
for (const [as, family, endings] of [["picture", "image", PICTURES], ["sound", "audio", SOUNDS], ["film", "video", FILMS]] as const) {
  for (const [ending = "", type = ""] of endings.split(" ").map((pair) => pair.split(":"))) SHOWN.set(ending, { as, type: `${family}/${type}` });
}
for (const ending of TEXTS.split(" ")) SHOWN.set(ending, { as: "text", type: "text/plain" });
SHOWN.set("pdf", { as: "pdf", type: "application/pdf" });

/** Octets of each at most; it is held in memory whole. */
const MOST: Readonly<Record<Preview, number>> = { picture: 32_000_000, text: 1_000_000, sound: 64_000_000, film: 128_000_000, pdf: 64_000_000 };

/** Octets of a picture that is fetched without being asked for. */
const MOST_UNASKED = 5_000_000;
/** So many of them in one letter. */
export const MOST_SMALL_VIEWS = 12;

/** Undefined where it can only be downloaded. */
export function previewOf(file: { name: string; size: number }): Preview | undefined {
  const as = kindOf(file);
  return as === "pdf" && !showsPdf() ? undefined : as;
}

/** Asks nothing of the window, so that a Worker may ask it. */
export function isPicture(file: { name: string; size: number }): boolean {
  return kindOf(file) === "picture";
}

/** What it is, if it is of a size that is shown. */
function kindOf({ name, size }: { name: string; size: number }): Preview | undefined {
  const shown = SHOWN.get(endingOf(name));
  return shown && size > 0 && size <= MOST[shown.as] ? shown.as : undefined;
}

/** A small view costs nothing where the letter carries one, and may be fetched where the file is not large. */
export function hasSmallView(file: { name: string; size: number; thumbnail: string | null }): boolean {
  return isPicture(file) && (file.thumbnail !== null || file.size <= MOST_UNASKED);
}

/** What the sender's client drew of it: base64url of a JPEG. */
export function thumbnailBlob(thumbnail: string): Blob {
  const bytes = Uint8Array.from(atob(thumbnail.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: "image/jpeg" });
}

/** By the browser's own viewer, apart from this page. On phones it shows the first page as if it were all, or nothing. */
function showsPdf(): boolean {
  return navigator.pdfViewerEnabled && matchMedia("(pointer: fine)").matches;
}

export function blobOf(name: string, bytes: Uint8Array<ArrayBuffer>): Blob {
  return new Blob([bytes], { type: SHOWN.get(endingOf(name))?.type ?? "application/octet-stream" });
}

/** Readers of PDF look for this near its beginning (ISO 32000-1, annex H.3.4.1). */
export function isPdf(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, 1_024)).includes("%PDF-");
}

/** By its mark, or as UTF-8, or else as Windows writes it: tables of laboratories do. */
export function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
