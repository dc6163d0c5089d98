// What a file says of itself while it is fetched.

import Check from "@lucide/svelte/icons/check";
import CircleAlert from "@lucide/svelte/icons/circle-alert";
import CloudOff from "@lucide/svelte/icons/cloud-off";
import Pause from "@lucide/svelte/icons/pause";
import ShieldAlert from "@lucide/svelte/icons/shield-alert";
import { explain } from "../app/problems.ts";
import { within } from "../letters/names.ts";
import { m } from "../paraglide/messages.js";
import type { LetterFile } from "./engine.ts";
import { shownName } from "./file_names.ts";
import { kindWords } from "./kinds.ts";
import type { Line } from "./lines.ts";
import type { Receipt, ReceiptOfAll } from "./received.svelte.ts";
import { MOST_IN_MEMORY } from "./sinks.ts";
import { partWords, sizeWords, timeLeft } from "./sizes.ts";

export function receivedLine({ name, size }: LetterFile, receipt: Receipt | undefined, from: string): Line {
  if (receipt === undefined) return { text: kindAndSize(name, size) };
  if (receipt.is === "saved") return { icon: Check, tone: "ok", text: m["files.saved"]({ size: sizeWords(size) }) };
  return lineOf(receipt, size, m["files.receiving_label"]({ name: within(shownName(name)) }), from);
}

export function lineOfAll(all: ReceiptOfAll, from: string): Line {
  if (all.is === "saved") return { icon: Check, tone: "ok", text: m["files.all_saved"]({ size: sizeWords(all.size) }) };
  if (all.is === "broken") return { icon: ShieldAlert, tone: "bad", text: m["files.all_broken"]({ name: within(all.broken), from }) };
  const line = lineOf(all, all.size, m["files.receiving_label"]({ name: within(shownName(all.name)) }), from);
  if (all.is !== "receiving") return line;
  return { ...line, text: m["files.all_progress"]({ done: Math.min(all.at + 1, all.count), count: all.count, part: partWords(all.received, all.size) }) };
}

function kindAndSize(name: string, octets: number): string {
  const [kind, size] = [kindWords(name), sizeWords(octets)];
  return kind === undefined ? size : m["files.kind_and_size"]({ kind, size });
}

function lineOf(receipt: Exclude<Receipt, { is: "saved" }>, size: number, label: string, from: string): Line {
  const bar = (value: number, still = false) => ({ value, max: Math.max(1, size), label, still });
  switch (receipt.is) {
    case "receiving": {
      const part = partWords(receipt.received, size);
      const text = receipt.secondsLeft === undefined ? m["files.receiving"]({ part }) : m["files.receiving_left"]({ part, left: timeLeft(receipt.secondsLeft) });
      return { text, progress: bar(receipt.received) };
    }
    case "paused":
      return { icon: Pause, text: m["files.receiving_paused"]({ part: partWords(receipt.received, size) }), progress: bar(receipt.received, true) };
    case "offline":
      return { icon: CloudOff, text: m["files.offline"]({ part: partWords(receipt.received, size) }), progress: bar(receipt.received, true) };
    case "failed": {
      const { what, todo } = explain(receipt.problem);
      return { icon: CircleAlert, tone: "bad", text: what, more: todo };
    }
    case "not-the-file":
      return { icon: ShieldAlert, tone: "bad", text: m["files.not_the_file"]({ from }), more: m["files.not_the_file_more"]({ from }) };
    case "no-room":
      return { icon: CircleAlert, tone: "bad", text: m["files.no_room"]({ size: sizeWords(size) }), more: m["files.no_room_more"]({ limit: sizeWords(MOST_IN_MEMORY) }) };
    case "not-saved":
      return { icon: CircleAlert, tone: "bad", text: m["files.not_saved_here"](), more: m["files.not_saved_here_more"]() };
  }
}
