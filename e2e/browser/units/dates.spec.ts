// How times and days are written, around midnight, Monday and New Year. No browser: what takes `now` is asked directly.
import { expect, test } from "@playwright/test";
import { dayName, dayOf, listTime, sameDay, shortDate, waitingTime, when, whenBeside } from "../../../web/src/parts/dates.ts";
import { inLanguage } from "./language.ts";

/** In this machine's own zone, as the page reads them. */
function at(year: number, month: number, day: number, hour = 12, minute = 0): number {
  return new Date(year, month - 1, day, hour, minute).getTime();
}

/** A Tuesday. */
const NOW = at(2026, 11, 24, 10, 42);

test.describe("the day of a letter", () => {
  for (const [then, now, kind] of [
    [at(2026, 11, 24, 0, 0), NOW, "today"],
    [at(2026, 11, 23, 23, 59), NOW, "yesterday"],
    [at(2026, 11, 23, 0, 0), NOW, "yesterday"],
    [at(2026, 11, 22, 23, 59), NOW, "last-week"],
    [at(2026, 11, 16, 0, 0), NOW, "last-week"],
    [at(2026, 11, 15, 23, 59), NOW, "month"],
    [at(2026, 11, 25, 9), NOW, "today"], // a clock that is ahead
    [at(2026, 11, 22), at(2026, 11, 23, 0, 1), "yesterday"], // Sunday, seen on a Monday
    [at(2026, 11, 21), at(2026, 11, 23, 0, 1), "last-week"],
    [at(2026, 11, 23), at(2026, 11, 29, 23, 59), "this-week"], // Monday, seen on a Sunday
    [at(2026, 12, 31, 23, 59), at(2027, 1, 1, 0, 1), "yesterday"],
    [at(2026, 12, 28), at(2027, 1, 1), "this-week"],
    [at(2026, 12, 27), at(2027, 1, 1), "last-week"],
  ] as const) {
    test(`${new Date(then).toLocaleString("sv")} seen at ${new Date(now).toLocaleString("sv")} is ${kind}`, () => {
      expect(dayOf(then, now).kind).toBe(kind);
    });
  }

  test("older ones are of the same day when they are of the same month and year", () => {
    const [october, early, lastYears] = [at(2026, 10, 31), at(2026, 10, 1), at(2025, 10, 31)].map((then) => dayOf(then, NOW));
    if (!october || !early || !lastYears) throw new Error("three were asked for");
    expect(sameDay(october, early)).toBe(true);
    expect(sameDay(october, lastYears)).toBe(false);
    expect(sameDay(october, { kind: "today" })).toBe(false);
    expect(sameDay({ kind: "today" }, { kind: "today" })).toBe(true);
    expect(sameDay({ kind: "today" }, { kind: "yesterday" })).toBe(false);
  });

  test("has the year in its heading once that is another", () => {
    inLanguage("sv");
    expect(dayName(dayOf(at(2026, 10, 31), NOW), NOW)).toBe("Oktober");
    expect(dayName(dayOf(at(2025, 12, 31), NOW), NOW)).toBe("December 2025");
    inLanguage("en");
    expect(dayName(dayOf(at(2025, 12, 31), NOW), NOW)).toBe("December 2025");
  });
});

test.describe("a time", () => {
  test("is written as each language does", () => {
    inLanguage("sv");
    expect(when(NOW, NOW)).toBe("idag 10.42");
    expect(when(at(2026, 11, 23, 17, 5), NOW)).toBe("igår 17.05");
    expect(when(at(2026, 11, 19, 17, 5), NOW)).toBe("19 nov 17.05");
    inLanguage("en");
    expect(when(NOW, NOW)).toBe("today 10:42");
    expect(when(at(2026, 11, 19, 0, 5), NOW)).toBe("19 Nov 00:05");
  });

  test("is a date in a list whose heading does not say the day, with the year when it is another", () => {
    inLanguage("sv");
    expect(listTime(at(2026, 11, 23, 23, 59), NOW)).toBe("23.59");
    expect(listTime(at(2026, 11, 20, 23, 59), NOW)).toBe("20 nov");
    expect(shortDate(at(2025, 12, 31), at(2026, 1, 1))).toBe("31 dec 2025");
  });

  test("stands without its day beside a moment of the same one", () => {
    inLanguage("sv");
    const sent = at(2026, 11, 19, 9, 30);
    expect(whenBeside(at(2026, 11, 19, 23, 59), sent, NOW)).toBe("23.59");
    expect(whenBeside(at(2026, 11, 20, 0, 0), sent, NOW)).toBe("20 nov");
    expect(whenBeside(at(2026, 11, 23, 8, 0), sent, NOW)).toBe("igår 08.00");
    expect(whenBeside(at(2026, 11, 24, 8, 0), sent, NOW)).toBe("08.00");
  });
});

test("what one has to wait is rounded up, never down", () => {
  inLanguage("sv");
  for (const [seconds, said] of [
    [1, "1 sekund"],
    [59, "59 sekunder"],
    [60, "1 minut"],
    [61, "2 minuter"],
    [3599, "60 minuter"],
    [3600, "1 timme"],
    [3601, "2 timmar"],
  ] as const) {
    expect(waitingTime(seconds).replace(/\s/g, " ")).toBe(said);
  }
});

test.describe("what is to come", () => {
  for (const [then, said] of [
    [at(2026, 11, 24, 18), "idag 18.00"],
    [at(2026, 11, 25, 8), "i morgon 08.00"],
    [at(2026, 11, 26, 8), "tors 26 nov 08.00"],
    [at(2027, 1, 4, 8), "mån 4 jan 2027 08.00"],
  ] as const) {
    test(said, () => {
      inLanguage("sv");
      expect(when(then, NOW)).toBe(said);
    });
  }
});
