// How a line says that its letter is not shown. Nothing of it was verified, so nothing of it stands here.

import CloudOff from "@lucide/svelte/icons/cloud-off";
import Lock from "@lucide/svelte/icons/lock";
import ShieldAlert from "@lucide/svelte/icons/shield-alert";
import Undo from "@lucide/svelte/icons/undo-2";
import type { Component } from "svelte";

import { m } from "../paraglide/messages.js";
import type { Problem } from "../worker/types.ts";

export interface Unseen {
  icon: Component;
  /** In the place of whoever wrote it. */
  words: string;
  line: string;
}

export function unseen(damage: Problem | null): Unseen {
  // What it takes to check it could not be asked for: nothing is said of the letter.
  if (damage?.class === "unavailable") return { icon: CloudOff, words: m["list.not_now"](), line: m["list.not_now_line"]() };
  if (damage?.name === "withdrawn") return { icon: Undo, words: m["list.withdrawn"](), line: m["list.withdrawn_line"]() };
  if (damage?.name === "level-required") return { icon: Lock, words: m["list.locked"](), line: m["list.locked_line"]() };
  const line = damage?.name === "sender-key-changed" ? m["list.key_changed"]() : m["list.damaged_line"]();
  return { icon: ShieldAlert, words: m["list.damaged"](), line };
}
