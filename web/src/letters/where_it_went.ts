// What a person is told of letters that they put somewhere else.

import Archive from "@lucide/svelte/icons/archive";
import Trash from "@lucide/svelte/icons/trash-2";
import Undo from "@lucide/svelte/icons/undo-2";

import type { Toast } from "../app/toasts.svelte.ts";
import { m } from "../paraglide/messages.js";
import type { Folder } from "../worker/types.ts";

export function whereItWent(to: Folder, count: number): Pick<Toast, "text" | "icon"> {
  switch (to) {
    case "trash":
      return { text: count === 1 ? m["letter.binned"]() : m["letters.binned"]({ count }), icon: Trash };
    case "archive":
      return { text: count === 1 ? m["letter.archived"]() : m["letters.archived"]({ count }), icon: Archive };
    case "inbox":
    case "sent":
      return { text: count === 1 ? m["letter.put_back_done"]() : m["letters.put_back_done"]({ count }), icon: Undo };
  }
}
