// A letter's text in pieces that a browser lays out one by one: whoever writes a line of a million signs must not freeze the
// page of whoever opens it. White space is kept, and of what is written only the address of a page on the web is made into
// anything else.

/** Signs in a piece: more than any paragraph, and few enough for one that can't be broken. */
const LONGEST = 10_000;
/** As many addresses can be pressed; a letter with more is made to hold its reader up. */
const LINKS = 500;
/** As many paragraphs stand by themselves; of more than that, several are one piece. */
const APART = 1_000;

/** The paragraphs of a letter; a long one in several pieces. */
export function piecesOf(text: string): string[] {
  const paragraphs = text.replaceAll("\r\n", "\n").split("\n\n");
  return (paragraphs.length > APART ? joined(paragraphs) : paragraphs).flatMap(cut);
}

function joined(paragraphs: readonly string[]): string[] {
  const pieces: string[] = [];
  let piece: string[] = [];
  let length = 0;
  for (const paragraph of paragraphs) {
    if (piece.length > 0 && length + paragraph.length > LONGEST) {
      pieces.push(piece.join("\n\n"));
      [piece, length] = [[], 0];
    }
    piece.push(paragraph);
    length += paragraph.length + 2;
  }
  return [...pieces, piece.join("\n\n")];
}

/** At the end of a line, or else of a word, or else anywhere but within a sign. */
function cut(paragraph: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (paragraph.length - from > LONGEST) {
    const line = paragraph.lastIndexOf("\n", from + LONGEST);
    const word = paragraph.lastIndexOf(" ", from + LONGEST);
    let to = line > from ? line : word > from ? word : from + LONGEST;
    if (/[\udc00-\udfff]/.test(paragraph.charAt(to))) to -= 1;
    pieces.push(paragraph.slice(from, to));
    from = line === to || word === to ? to + 1 : to;
  }
  return [...pieces, paragraph.slice(from)];
}

/** Words of a piece; with `href` they are the address of a page. */
export interface Words {
  text: string;
  href?: string;
  /** Where it leads, if it is written in a way that could hide that. */
  host?: string;
}

/** A letter's text: the words of each piece. */
export function wordsOf(text: string): Words[][] {
  let left = LINKS;
  return piecesOf(text).map((piece) => {
    const words = left > 0 ? linked(piece, left) : [{ text: piece }];
    left -= words.filter(({ href }) => href !== undefined).length;
    return words;
  });
}

/** The first `most` of a piece's addresses stand by themselves. */
function linked(piece: string, most: number): Words[] {
  const words: Words[] = [];
  let from = 0;
  for (const { 0: found, index } of piece.matchAll(/https?:\/\/[^\s<>"]+/gi)) {
    const text = withoutSentence(found);
    const link = linkOf(text);
    if (!link) continue;
    if (index > from) words.push({ text: piece.slice(from, index) });
    words.push(link);
    from = index + text.length;
    if (--most === 0) break;
  }
  if (from < piece.length) words.push({ text: piece.slice(from) });
  return words;
}

/** Without what ends the sentence in which an address stands. */
function withoutSentence(address: string): string {
  let to = address.length;
  while (/[.,;:!?'’”»)\]}]/.test(address.charAt(to - 1))) {
    if (address.charAt(to - 1) === ")" && address.slice(0, to).includes("(")) break;
    to -= 1;
  }
  return address.slice(0, to);
}

function linkOf(text: string): Words | undefined {
  if (!URL.canParse(text)) return undefined;
  const { href, host } = new URL(text);
  const written = text.replace(/^https?:\/\//i, "").split(/[/?#]/, 1)[0]?.toLowerCase();
  return written === host ? { text, href } : { text, href, host };
}
