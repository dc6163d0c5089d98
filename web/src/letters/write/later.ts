// When a letter may be sent later: what is offered, and what is no such time.

import { m } from "../../paraglide/messages.js";
import { LIMITS } from "../../worker/types.ts";

const HOUR = 8;

/** Next morning, and the next Monday's, by the clock of this device; in milliseconds since 1970. */
export function suggestedTimes(now: number): number[] {
  const morning = (days: number) => {
    const day = new Date(now);
    return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, HOUR).getTime();
  };
  const toMonday = (8 - new Date(now).getDay()) % 7 || 7;
  return toMonday === 1 ? [morning(1)] : [morning(1), morning(toMonday)];
}

/** As a box for a local time has it. */
export function localTime(time: number): string {
  const at = new Date(time);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Why a letter can't be sent at that time; undefined if it can. */
export function whyNotAt(time: number, now: number): string | undefined {
  if (Number.isNaN(time)) return m["later.no_time"]();
  if (time <= now) return m["later.past"]();
  const days = LIMITS.hold_days;
  return time - now > days * 24 * 60 * 60_000 ? m["later.too_late"]({ days }) : undefined;
}
