// What a file is, by its ending: that decides what a system does with it when somebody opens it. The type that its sender
// gave is not asked.

import { m } from "../paraglide/messages.js";
import { endingOf, shownName } from "./file_names.ts";

export type Kind = "picture" | "film" | "sound" | "pdf" | "text" | "table" | "document" | "slides" | "packed" | "program" | "macros" | "web-page" | "other";

/** What a file can do to who opens it. */
export type Risk = Extract<Kind, "program" | "macros" | "web-page">;

/** Where a program runs; `any` where the reader has what runs it. */
type System = "windows" | "mac" | "android" | "linux" | "any";

const ENDINGS: Readonly<Record<Exclude<Kind, "program" | "other">, string>> = {
  picture: "jpg jpeg jpe jfif png gif webp avif bmp heic heif tif tiff",
  film: "mp4 m4v mov webm mkv avi ogv mpg mpeg",
  sound: "mp3 m4a aac ogg oga opus wav flac",
  pdf: "pdf",
  text: "txt text md log",
  table: "csv tsv xls xlsx ods numbers",
  document: "doc docx odt rtf pages",
  slides: "ppt pptx odp key",
  packed: "zip 7z rar gz tgz bz2 xz tar",
  macros: "docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm sldm accdb mdb",
  "web-page": "htm html xhtml xht shtml mht mhtml svg svgz xml xsl",
};

const PROGRAMS: Readonly<Record<System, string>> = {
  windows: `exe msi msix msp mst bat cmd com scr pif cpl hta lnk url vbs vbe wsf wsh ps1 psm1 reg msc dll appx appxbundle
    msixbundle application appref-ms chm gadget inf scf settingcontent-ms xll vhd vhdx library-ms search-ms`,
  mac: "app dmg pkg mpkg command workflow scpt applescript action terminal webloc mobileconfig",
  android: "apk apks xapk aab",
  linux: "deb rpm sh run appimage desktop flatpakref snap",
  any: "jar js jse mjs py pyw rb pl php bash zsh iso img jnlp",
};

const KINDS = new Map<string, Kind>();
const SYSTEMS = new Map<string, System>();
for (const [kind, endings] of Object.entries(ENDINGS)) for (const ending of endings.split(/\s+/)) KINDS.set(ending, kind as Kind);
for (const [system, endings] of Object.entries(PROGRAMS)) {
  for (const ending of endings.split(/\s+/)) {
    KINDS.set(ending, "program");
    SYSTEMS.set(ending, system as System);
  }
}

export function kindOf(name: string): Kind {
  return KINDS.get(endingOf(name)) ?? "other";
}

export function riskOf(name: string): Risk | undefined {
  const kind = kindOf(name);
  return kind === "program" || kind === "macros" || kind === "web-page" ? kind : undefined;
}

/** What the name wants to be taken for: of `bild.jpg.exe`, the ending before the one that counts. */
export function disguisedAs(name: string): string | undefined {
  if (riskOf(name) === undefined) return undefined;
  const before = endingOf(shownName(name).slice(0, -(endingOf(name).length + 1)));
  const kind = KINDS.get(before);
  return kind === undefined || riskOf(`x.${before}`) !== undefined ? undefined : before;
}

const BY_NAME: Readonly<Record<string, () => string>> = {
  doc: () => "Word",
  docx: () => "Word",
  xls: () => "Excel",
  xlsx: () => "Excel",
  ppt: () => "PowerPoint",
  pptx: () => "PowerPoint",
  pdf: () => "PDF",
};

const PROGRAM_WORDS: Readonly<Record<System, () => string>> = {
  windows: () => m["files.kind.windows"](),
  mac: () => m["files.kind.mac"](),
  android: () => m["files.kind.android"](),
  linux: () => m["files.kind.linux"](),
  any: () => m["files.kind.program"](),
};

const WORDS: Readonly<Record<Exclude<Kind, "program" | "other">, () => string>> = {
  picture: () => m["files.kind.picture"](),
  film: () => m["files.kind.film"](),
  sound: () => m["files.kind.sound"](),
  pdf: () => "PDF",
  text: () => m["files.kind.text"](),
  table: () => m["files.kind.table"](),
  document: () => m["files.kind.document"](),
  slides: () => m["files.kind.slides"](),
  packed: () => m["files.kind.packed"](),
  macros: () => m["files.kind.macros"](),
  "web-page": () => m["files.kind.web_page"](),
};

/** In a word or three; undefined where its ending says nothing. */
export function kindWords(name: string): string | undefined {
  const ending = endingOf(name);
  const kind = kindOf(name);
  if (kind === "other") return undefined;
  if (kind === "program") return PROGRAM_WORDS[SYSTEMS.get(ending) ?? "any"]();
  return (BY_NAME[ending] ?? WORDS[kind])();
}
