// How large a file is, and how much of it has gone, in words (GUIDE "Words"): 640 kB, 31 av 86 MB.

import { m } from "../paraglide/messages.js";
import { getLocale } from "../paraglide/runtime.js";
import { waitingTime } from "../parts/dates.ts";

/** Decimal, as disks and telephone companies count. */
const UNITS = [
  { name: "GB", octets: 1_000_000_000 },
  { name: "MB", octets: 1_000_000 },
  { name: "kB", octets: 1_000 },
] as const;

type Unit = (typeof UNITS)[number];

/** What would be shown as 1 000 kB is 1 MB. */
function unitOf(size: number): Unit | undefined {
  return UNITS.find(({ octets }) => size >= octets * 0.9995);
}

/** One decimal below ten, and none above. */
function numeral(size: number, { octets }: Unit): string {
  const amount = size / octets;
  return new Intl.NumberFormat(getLocale(), { maximumFractionDigits: amount < 9.95 ? 1 : 0 }).format(amount);
}

export function sizeWords(size: number): string {
  const unit = unitOf(size);
  return unit ? `${numeral(size, unit)}\u00A0${unit.name}` : m["files.bytes"]({ count: size });
}

/** How much of it has gone, in the unit of the whole. */
export function partWords(done: number, size: number): string {
  const unit = unitOf(size);
  const there = Math.min(done, size);
  const part = unit ? numeral(there, unit) : String(there);
  return m["files.part"]({ part, whole: sizeWords(size) });
}

/** Below that nobody wants to be told a number. */
const SOON = 5;

/** How long it takes, as far as one can know: in steps of ten seconds, or in minutes. */
export function timeLeft(seconds: number): string {
  if (seconds < SOON) return m["files.soon"]();
  return m["files.time_left"]({ time: waitingTime(seconds < 60 ? Math.min(50, Math.ceil(seconds / 10) * 10) : seconds) });
}
