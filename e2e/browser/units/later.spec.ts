// When a letter may go later: next morning, next Monday, and no time that has passed.
import { expect, test } from "@playwright/test";
import { localTime, suggestedTimes, whyNotAt } from "../../../web/src/letters/write/later.ts";
import { LIMITS } from "../../../web/src/worker/types.ts";

const DAY = 24 * 60 * 60_000;
const at = (day: number, hour = 10) => new Date(2026, 10, day, hour).getTime();

test("a Tuesday offers Wednesday's morning and Monday's", () => {
  expect(suggestedTimes(at(24))).toEqual([at(25, 8), at(30, 8)]);
});

test("a Sunday offers Monday's morning once, a Monday the next one", () => {
  expect(suggestedTimes(at(29))).toEqual([at(30, 8)]);
  expect(suggestedTimes(at(23))).toEqual([at(24, 8), at(30, 8)]);
});

test("a box has the time of this device", () => {
  expect(localTime(at(5, 8))).toBe("2026-11-05T08:00");
});

test("a time that has passed, is none, or is too far away is refused with words", () => {
  const now = at(24);
  expect(whyNotAt(now + DAY, now)).toBeUndefined();
  for (const time of [now, now - 1, Number.NaN, now + LIMITS.hold_days * DAY + 1]) expect(whyNotAt(time, now)).toBeTruthy();
});
