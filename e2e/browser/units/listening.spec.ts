// An event stream that is heard, falls silent, or was never heard because a proxy keeps it back (PROTOCOL §9a, Sync).
import { expect, test } from "@playwright/test";
import { Listening } from "../../../web/src/worker/listening.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Looks every five seconds, and says at which seconds something was due. */
function watched(listening: Listening, from: number, to: number, meanwhile: (now: number) => void = () => undefined) {
  const seen = { anew: [] as number[], ask: [] as number[] };
  for (let now = from; now <= to; now += 5 * SECOND) {
    meanwhile(now);
    const { anew, ask } = listening.due(now);
    if (anew) seen.anew.push(now / SECOND);
    if (ask) seen.ask.push(now / SECOND);
  }
  return seen;
}

test("a stream that beats is left alone, and nobody polls", () => {
  const beats = (now: number) => now % (15 * SECOND) === 0 && listening.heard(now, 15);
  const listening = new Listening(0);
  expect(watched(listening, 0, 10 * MINUTE, beats)).toEqual({ anew: [], ask: [] });
});

test("a stream that a proxy keeps back is begun anew ever less often, and the server asked each minute", () => {
  const { anew, ask } = watched(new Listening(0), 0, 5 * MINUTE);
  expect(anew).toEqual([40, 115, 265]);
  expect(ask).toEqual([60, 120, 180, 240, 300]);
});

test("a stream that falls silent is begun anew, and what it may have missed is asked for at once", () => {
  const listening = new Listening(0);
  listening.heard(0, 15);
  expect(watched(listening, 5 * SECOND, 100 * SECOND)).toEqual({ anew: [40], ask: [40, 100] });
  listening.heard(101 * SECOND, 15);
  expect(watched(listening, 105 * SECOND, 135 * SECOND)).toEqual({ anew: [], ask: [] });
});

test("a news counts as a beat, and a stream that beats slowly is waited for", () => {
  const listening = new Listening(0);
  listening.heard(0, 60);
  expect(listening.due(149 * SECOND)).toEqual({ anew: false, ask: false });
  listening.heard(149 * SECOND);
  expect(listening.due(298 * SECOND)).toEqual({ anew: false, ask: false });
  expect(listening.due(299 * SECOND)).toEqual({ anew: true, ask: true });
});

test("a server can neither have itself asked without end nor make a client deaf by what it says of its beats", () => {
  for (const [said, after] of [
    [0, 12.5],
    [1e9, 150],
  ] as const) {
    const listening = new Listening(0);
    listening.heard(0, said);
    expect(listening.due((after - 1) * SECOND).anew).toBe(false);
    expect(listening.due(after * SECOND).anew).toBe(true);
  }
});

test("while a stream is broken the server is asked each minute", () => {
  const listening = new Listening(0);
  listening.heard(0, 60);
  listening.broke();
  expect(watched(listening, 5 * SECOND, 130 * SECOND)).toEqual({ anew: [], ask: [60, 120] });
});
