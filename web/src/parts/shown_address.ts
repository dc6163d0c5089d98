import { m } from "../paraglide/messages.js";

// An address as people write it. In its one form a domain outside ASCII is spelled in ASCII (xn--…, RFC 3492); it is shown
// in its own letters where all of them are Latin, since other scripts have letters that pass for these.

const SPELLED = "xn--";
const LATIN = /^[\p{Script=Latin}\d-]+$/u;

/** What the addresses end with of those who wrote by a public page (PROTOCOL §5): no e-mail comes there, and nobody has typed one. */
const WRITERS = "@write.invalid";

export function isOfWriter(address: string): boolean {
  return address.endsWith(WRITERS);
}

export function shownAddress(address: string): string {
  // Two who call themselves the same are told apart by the end of what the server calls them.
  if (isOfWriter(address)) return m["name.by_page"]({ mark: address.slice(-WRITERS.length - 4, -WRITERS.length) });
  const at = address.lastIndexOf("@");
  return address.slice(0, at + 1) + address.slice(at + 1).split(".").map(shownLabel).join(".");
}

function shownLabel(label: string): string {
  if (!label.startsWith(SPELLED)) return label;
  const letters = unspelled(label.slice(SPELLED.length));
  return letters !== undefined && LATIN.test(letters) ? letters : label;
}

/** Punycode (RFC 3492 §6.2), with the numbers that it names there. */
function unspelled(label: string): string | undefined {
  const hyphen = label.lastIndexOf("-");
  const letters = [...label.slice(0, Math.max(0, hyphen))];
  let [code, bias, index] = [128, 72, 0];
  for (let at = hyphen + 1; at < label.length; ) {
    const before = index;
    for (let weight = 1, step = 36; ; step += 36) {
      const digit = parseInt(label[at++] ?? "", 36);
      if (Number.isNaN(digit)) return undefined;
      // Letters come before figures there, and after them here.
      const value = digit < 10 ? digit + 26 : digit - 10;
      index += value * weight;
      const threshold = Math.min(26, Math.max(1, step - bias));
      if (value < threshold) break;
      weight *= 36 - threshold;
    }
    const length = letters.length + 1;
    bias = adapted(index - before, length, before === 0);
    code += Math.floor(index / length);
    if (code > 0x10ffff) return undefined;
    index %= length;
    letters.splice(index++, 0, String.fromCodePoint(code));
  }
  return letters.join("");
}

function adapted(by: number, length: number, first: boolean): number {
  let delta = first ? Math.floor(by / 700) : by >> 1;
  delta += Math.floor(delta / length);
  let step = 0;
  for (; delta > 455; step += 36) delta = Math.floor(delta / 35);
  return step + Math.floor((36 * delta) / (delta + 38));
}
