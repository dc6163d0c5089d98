// What goes out from an open mailbox: the uploads, and how large a file may be here, which the operator chose.

import type { mailbox } from "../worker/index.ts";
import type { Outward, Uploads } from "./engine.ts";

/** Until the server has said it: what it says where nobody chose anything else. The server refuses what is too much. */
const USUAL = 5 * 1024 ** 3;

export class OwnUploads implements Outward {
  readonly uploads: Uploads;
  largest = $state(USUAL);

  constructor(uploads: Uploads) {
    this.uploads = uploads;
  }

  async look(vault: Pick<typeof mailbox, "call">): Promise<void> {
    try {
      this.largest = (await vault.call("holdings", {})).largest_file;
    } catch {
      // Without a network it is as it was; it is asked again when the mailbox is opened.
    }
  }
}
