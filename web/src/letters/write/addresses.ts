// Whom people mean by what they type or paste. Pure, so that a table of what they do can be held against it.

/** Marks that are not seen: soft hyphens, joiners, directions, byte order. */
const UNSEEN = /[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g;
/** Letters and signs as wide as a Chinese one, the @ among them, and the small @. */
const WIDE = /[\uFF01-\uFF5E]/g;
const WIDE_TO_NARROW = 0xfee0;
/** Everything around an @ that can be of an address; a part before it may stand in quotes. */
const AROUND_AN_AT = /(?:"[^"\s@]*"|[^\s,;:<>()[\]"“”„«»@]*)@[\p{L}\p{N}\p{M}._-]*/gu;
/** Bullets, quotes and dashes that cling to an address, and the full stop that ends its sentence. */
const CLINGS = /^['‘’‚*•·/|&.–—-]+|[.-]+$/g;
/** A name in quotes before an address in brackets. It may look like an address, and is none. */
const NAME_IN_QUOTES = /"([^"]*)"(?=\s*<)/g;

export interface Understood {
  /** Each once, in their order; whole or not. */
  addresses: string[];
  /** What is to nobody: a name without an address, for the person to go on with. */
  rest: string;
}

export function understood(text: string): Understood {
  const addresses = new Map<string, string>();
  const rest: string[] = [];
  for (const part of readable(text).split(/[;\n]/)) {
    const found = [...part.matchAll(AROUND_AN_AT)].map(([around]) => around.replace(CLINGS, "")).filter((address) => address !== "@");
    for (const address of found) if (!addresses.has(address.toLowerCase())) addresses.set(address.toLowerCase(), address);
    if (found.length === 0 && part.trim() !== "") rest.push(part.trim());
  }
  return { addresses: [...addresses.values()], rest: rest.join("; ") };
}

/** Whether it could be an address as it stands. The vault says whether it is one. */
export function isWhole(address: string): boolean {
  return /^[^@]+@[^@.]+(\.[^@.]+)+$/.test(address);
}

function readable(text: string): string {
  const narrow = text
    .replace(UNSEEN, "")
    .replace(WIDE, (wide) => String.fromCharCode(wide.charCodeAt(0) - WIDE_TO_NARROW))
    .replace(/﹫/g, "@");
  const quotes = narrow.split('"').length - 1;
  const named = quotes % 2 === 0 ? narrow.replace(NAME_IN_QUOTES, " ") : narrow;
  return named.replace(/mailto:([^\s<>"]*)/gi, (_, link: string) => readersOf(link));
}

/** Of a `mailto:` link (RFC 6068): those in its path, and in its headers. */
function readersOf(link: string): string {
  const [path = "", headers = ""] = link.split("?", 2);
  const search = new URLSearchParams(headers.replaceAll("+", "%2B"));
  return [decoded(path), ...["to", "cc", "bcc"].flatMap((name) => search.getAll(name))].join(", ");
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
