// What is said of a password, beside the field and, where it will not do, as its error.
import { m } from "../paraglide/messages.js";
import type { Verdict } from "../worker/types.ts";

interface Said {
  /** Of four. Under three it will not do. */
  bars: number;
  judged: () => string;
  why: () => string;
}

const SAYS: Record<Verdict, Said> = {
  "too-short": { bars: 1, judged: () => m["strength.short"](), why: () => m["strength.short_why"]() },
  pattern: { bars: 1, judged: () => m["strength.weak"](), why: () => m["strength.pattern"]() },
  "own-name": { bars: 1, judged: () => m["strength.weak"](), why: () => m["strength.own_name"]() },
  personal: { bars: 1, judged: () => m["strength.weak"](), why: () => m["strength.personal"]() },
  known: { bars: 1, judged: () => m["strength.weak"](), why: () => m["strength.known"]() },
  enough: { bars: 3, judged: () => m["strength.enough"](), why: () => m["strength.enough_why"]() },
  good: { bars: 4, judged: () => m["strength.good"](), why: () => m["strength.good_why"]() },
};

export function said(verdict: Verdict): Said {
  return SAYS[verdict];
}

export function willDo(verdict: Verdict): boolean {
  return SAYS[verdict].bars >= 3;
}
