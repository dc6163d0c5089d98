// How times and days are written (GUIDE "Words"): 10.42 and 24 nov in Swedish, 10:42 and 24 Nov in English.
// What depends on today takes `now`, so that a test can say when that is.

import { m } from "../paraglide/messages.js";
import { getLocale } from "../paraglide/runtime.js";
import type { Timestamp } from "../worker/types.ts";

/** A point in time, as the vault tells it or as this page's clock does. */
export type Moment = Timestamp | number;

/** The days that a list is divided into. Today has no heading: it is where a list begins. */
export type Day =
  | { kind: "today" | "yesterday" | "this-week" | "last-week" }
  | { kind: "month"; year: number; month: number };

const TAG = { sv: "sv-SE", en: "en-GB" } as const;

/** To make one takes a browser as long as to write some hundred dates, and a list has them in every row. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions, at: Moment): string {
  const tag = TAG[getLocale()];
  const key = `${tag} ${JSON.stringify(options)}`;
  let known = FORMATS.get(key);
  if (!known) FORMATS.set(key, (known = new Intl.DateTimeFormat(tag, options)));
  return known.format(new Date(at));
}

export function timeOfDay(at: Moment): string {
  const time = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, at);
  return getLocale() === "sv" ? time.replaceAll(":", ".") : time;
}

export function timeWithSeconds(at: Moment): string {
  const time = format({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }, at);
  return getLocale() === "sv" ? time.replaceAll(":", ".") : time;
}

/** 24 nov; with the year when it is another one. */
export function shortDate(at: Moment, now = Date.now()): string {
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  // Swedish abbreviates with a full stop that only the end of a sentence should have.
  return format({ day: "numeric", month: "short", year }, at).replaceAll(".", "");
}

/** 24 november 2026. */
export function wholeDate(at: Moment): string {
  return format({ day: "numeric", month: "long", year: "numeric" }, at);
}

/** In a list: the time for today and yesterday, whose headings say the day, else the date. */
export function listTime(at: Moment, now = Date.now()): string {
  const { kind } = dayOf(at, now);
  return kind === "today" || kind === "yesterday" ? timeOfDay(at) : shortDate(at, now);
}

/** How long to wait, rounded up: 40 sekunder, 12 minuter, 3 timmar. */
export function waitingTime(seconds: number): string {
  const [unit, length] = seconds < 60 ? ["second", 1] : seconds < 3600 ? ["minute", 60] : ["hour", 3600];
  const options = { style: "unit", unit, unitDisplay: "long" } as const;
  return new Intl.NumberFormat(TAG[getLocale()], options).format(Math.ceil(seconds / length));
}

/** Standing alone: idag 10.42, igår 17.05, 19 nov 17.05; of what is to come: i morgon 08.00, mån 7 dec 08.00. */
export function when(at: Moment, now = Date.now()): string {
  const time = timeOfDay(at);
  const today = new Date(now);
  const inDays = (days: number) => new Date(today.getFullYear(), today.getMonth(), today.getDate() + days);
  if (new Date(at) >= inDays(2)) return `${format({ weekday: "short" }, at).replaceAll(".", "")} ${shortDate(at, now)} ${time}`;
  if (new Date(at) >= inDays(1)) return m["when.tomorrow"]({ time });
  switch (dayOf(at, now).kind) {
    case "today":
      return m["when.today"]({ time });
    case "yesterday":
      return m["when.yesterday"]({ time });
    default:
      return `${shortDate(at, now)} ${time}`;
  }
}

/** Where nothing else says the day, and today goes without saying: 10.42, igår 17.05, 19 nov 17.05. */
export function timeOrWhen(at: Moment, now = Date.now()): string {
  return dayOf(at, now).kind === "today" ? timeOfDay(at) : when(at, now);
}

/** Beside another moment that is shown: the time if it was the same day, else the day. */
export function whenBeside(at: Moment, other: Moment, now = Date.now()): string {
  const sameDate = new Date(at).toDateString() === new Date(other).toDateString();
  if (sameDate || dayOf(at, now).kind === "today") return timeOfDay(at);
  return dayOf(at, now).kind === "yesterday" ? when(at, now) : shortDate(at, now);
}

export function dayOf(at: Moment, now = Date.now()): Day {
  const then = new Date(at);
  const today = new Date(now);
  today.setHours(0, 0, 0, 0);
  const before = (days: number) => new Date(today.getFullYear(), today.getMonth(), today.getDate() - days);
  const sinceMonday = (today.getDay() + 6) % 7;
  if (then >= today) return { kind: "today" };
  if (then >= before(1)) return { kind: "yesterday" };
  if (then >= before(sinceMonday)) return { kind: "this-week" };
  if (then >= before(sinceMonday + 7)) return { kind: "last-week" };
  return { kind: "month", year: then.getFullYear(), month: then.getMonth() };
}

export function sameDay(one: Day, other: Day): boolean {
  return one.kind === "month" && other.kind === "month"
    ? one.year === other.year && one.month === other.month
    : one.kind === other.kind;
}

/** The heading of a day in a list. */
export function dayName(day: Day, now = Date.now()): string {
  switch (day.kind) {
    case "today":
      return m["list.today"]();
    case "yesterday":
      return m["list.yesterday"]();
    case "this-week":
      return m["list.this_week"]();
    case "last-week":
      return m["list.last_week"]();
    case "month": {
      const year = day.year === new Date(now).getFullYear() ? undefined : "numeric";
      const name = format({ month: "long", year }, new Date(day.year, day.month, 1).getTime());
      return name.charAt(0).toLocaleUpperCase() + name.slice(1);
    }
  }
}
