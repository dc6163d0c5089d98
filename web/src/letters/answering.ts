// In which ways a letter can be answered: the same for its tools, for what stands under it, and for the keys.

import Reply from "@lucide/svelte/icons/reply";
import ReplyAll from "@lucide/svelte/icons/reply-all";
import type { Component } from "svelte";

import { m } from "../paraglide/messages.js";
import type { Folder, Letter } from "../worker/types.ts";
import { readersBesides } from "./names.ts";

export interface WayToAnswer {
  whom: "sender" | "all";
  href: string;
  words: string;
  icon: Component;
}

/** The likeliest first. None for what lies in the trash: it is put back before it is answered. */
export function waysToAnswer(letter: Letter, folder: Folder): WayToAnswer[] {
  if (folder === "trash") return [];
  const toAll = `/mail/write#answer-all=${letter.id}`;
  if (letter.from.standing === "own") return [{ whom: "all", href: toAll, words: m["letter.write_again"](), icon: Reply }];
  const toSender = `/mail/write#answer=${letter.id}`;
  const ways: WayToAnswer[] = [{ whom: "sender", href: toSender, words: m["letter.answer"](), icon: Reply }];
  // Whoever got a blind copy would tell the others so.
  const isBlind = letter.bcc.length > 0;
  if (!isBlind && readersBesides(letter).length > 1) ways.push({ whom: "all", href: toAll, words: m["letter.answer_all"](), icon: ReplyAll });
  return ways;
}
