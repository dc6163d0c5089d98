// What a file is shown as, and what it is saved as. A name is its sender's word: it may hide its ending, turn around what
// stands beside it, or lead out of the folder it is saved in (PROTOCOL §3, CASES "Files").

import { m } from "../paraglide/messages.js";

/** Octets of a saved name. File systems take 255, and a browser adds to it while it saves. */
const SAVED = 200;
/** Octets of a name in a manifest row (PROTOCOL §3). */
const SENT = 1_020;
/** Octets from which on what follows the last full stop is no ending. */
const LONGEST_ENDING = 20;

const octets = new TextEncoder();

/** Marks that are not seen and control what is: turning, joining, hiding. A joiner within a picture sign is a part of it. */
const UNSEEN = /(?<![\p{Extended_Pictographic}\uFE0F\u{1F3FB}-\u{1F3FF}])\u200D|\u200D(?!\p{Extended_Pictographic})|(?!\u200D)[\p{Cf}\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u3164\uFFA0]/gu;
const BLANKS = /[\s\p{Cc}\p{Z}\u2800]+/gu;
const LONE = /\p{Cs}/gu;

/** As it stands on the page, beside other words; empty where nothing of it can be seen. */
export function shownName(name: string): string {
  return name.replace(LONE, "\uFFFD").replace(UNSEEN, "").replace(BLANKS, " ").normalize("NFC").trim();
}

/** As it goes out with a letter: composed, since a Mac takes names apart, and without control characters. */
export function sentName(name: string): string {
  return cut(name.replace(LONE, "\uFFFD").replace(/\p{Cc}/gu, "").normalize("NFC").trim(), SENT);
}

/** Windows keeps these for itself, whatever ending they have. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])(?=\s*(\.|$))/i;

/** As it is saved: one name in one folder, on every system. */
export function savedName(name: string): string {
  const plain = trimmed(shownName(name).replace(/[/\\:*?"<>|\u2044\u2215\u29F5\u29F8\uFF0F\uFF3C\uFE68\uFF1A]/g, "_").replace(/\.{2,}/g, "."));
  const safe = plain.replace(RESERVED, "_$1");
  return trimmed(cut(safe, SAVED)) || m["files.unnamed"]();
}

/** What follows the last full stop, in small letters; empty where there is none. */
export function endingOf(name: string): string {
  return split(trimmed(shownName(name)))[1].slice(1).toLowerCase();
}

/** The same name once more: Remiss (2).pdf. */
export function numbered(name: string, number: number): string {
  const [stem, ending] = split(name);
  return `${stem} (${number})${ending}`;
}

/** Each of them once, in whichever letters a system tells apart. `taken` are there already. */
export function eachOnce(names: readonly string[], taken: readonly string[] = []): string[] {
  const there = new Set(taken.map(sameName));
  return names.map((name) => {
    let free = name;
    for (let number = 2; there.has(sameName(free)); number++) free = numbered(cut(name, SAVED - 8), number);
    there.add(sameName(free));
    return free;
  });
}

/** Windows and Macs take names for the same that differ in case, or in how their letters are put together. */
function sameName(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

function split(name: string): [stem: string, ending: string] {
  const at = name.lastIndexOf(".");
  const ending = name.slice(at);
  if (at <= 0 || ending.length === 1 || /\s/.test(ending) || octets.encode(ending).length > LONGEST_ENDING) return [name, ""];
  return [name.slice(0, at), ending];
}

/** At most so many octets, with its ending, and no sign cut in two. */
function cut(name: string, most: number): string {
  if (octets.encode(name).length <= most) return name;
  const [stem, ending] = split(name);
  let room = most - octets.encode(ending).length;
  let kept = "";
  for (const sign of stem) {
    room -= octets.encode(sign).length;
    if (room < 0) break;
    kept += sign;
  }
  return kept.replace(/\u200D+$/, "").trimEnd() + ending;
}

function trimmed(name: string): string {
  return name.replace(/^[.\s]+|[.\s]+$/g, "");
}
