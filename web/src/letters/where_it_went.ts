// What a person is told of a letter that they put somewhere else.

import Archive from "@lucide/svelte/icons/archive";
import Trash from "@lucide/svelte/icons/trash-2";
import Undo from "@lucide/svelte/icons/undo-2";

import type { Toast } from "../app/toasts.svelte.ts";
import { m } from "../paraglide/messages.js";
import type { Folder } from "../worker/types.ts";

export function whereItWent(to: Folder): Pick<Toast, "text" | "icon"> {
  switch (to) {
    case "trash":
      return { text: m["letter.binned"](), icon: Trash };
    case "archive":
      return { text: m["letter.archived"](), icon: Archive };
    case "inbox":
    case "sent":
      return { text: m["letter.put_back_done"](), icon: Undo };
  }
}
