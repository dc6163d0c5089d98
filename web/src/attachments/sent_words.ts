// What a file says of itself while it goes up.

import Check from "@lucide/svelte/icons/check";
import CircleAlert from "@lucide/svelte/icons/circle-alert";
import Clock from "@lucide/svelte/icons/clock";
import CloudOff from "@lucide/svelte/icons/cloud-off";
import Pause from "@lucide/svelte/icons/pause";
import RefreshCcw from "@lucide/svelte/icons/refresh-ccw";
import { explain, sentence } from "../app/problems.ts";
import { within } from "../letters/names.ts";
import { m } from "../paraglide/messages.js";
import { shownName } from "./file_names.ts";
import type { FileToSend } from "./files.svelte.ts";
import type { Line } from "./lines.ts";
import { partWords, sizeWords, timeLeft } from "./sizes.ts";

/** In a sentence of ours. */
export function named({ name }: { name: string }): string {
  return within(shownName(name));
}

export function sentLine({ name, size, state, renamed }: FileToSend): Line {
  const progress = { max: Math.max(1, size), label: m["files.sending_label"]({ name: named({ name }) }) };
  switch (state.is) {
    case "waiting":
      return { icon: Clock, text: m["files.waiting"]({ size: sizeWords(size) }) };
    case "sending": {
      const part = partWords(state.sent, size);
      const text = state.secondsLeft === undefined ? part : m["files.going"]({ part, left: timeLeft(state.secondsLeft) });
      return { text, progress: { ...progress, value: state.sent } };
    }
    case "paused":
      return { icon: Pause, text: m["files.paused"]({ part: partWords(state.sent, size) }), progress: { ...progress, value: state.sent, still: true } };
    case "offline":
      return { icon: CloudOff, text: m["files.offline"]({ part: partWords(state.sent, size) }), progress: { ...progress, value: state.sent, still: true } };
    case "up":
      return { icon: Check, tone: "ok", text: upWords(size, renamed) };
    case "failed": {
      const { what, todo } = explain(state.problem);
      return { icon: CircleAlert, tone: "bad", text: what, more: todo };
    }
    case "changed":
      return { icon: RefreshCcw, tone: "bad", text: m["files.changed"](), more: m["files.changed_more"]() };
    case "elsewhere":
      return { icon: CircleAlert, tone: "bad", text: m["files.elsewhere"]({ size: sizeWords(size) }), more: m["files.elsewhere_more"]() };
  }
}

function upWords(octets: number, renamed: string | undefined): string {
  const size = sizeWords(octets);
  if (octets === 0) return m["files.up_empty"]({ size });
  return renamed === undefined ? m["files.up"]({ size }) : m["files.up_renamed"]({ size, name: named({ name: renamed }) });
}

/** What is said aloud once when it can't go; undefined where nothing is. */
export function saidOf({ name, state }: Pick<FileToSend, "name" | "state">): string | undefined {
  if (state.is === "failed") return m["files.said_failed"]({ name: named({ name }), why: sentence(state.problem) });
  if (state.is === "changed") return m["files.said_changed"]({ name: named({ name }) });
  return undefined;
}
