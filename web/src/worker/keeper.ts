// A Worker that holds the keys of letters answers the files Worker, on a port of their own: no key passes by the page.

import { problemOf } from "./entry.ts";
import type { FromKeeper, ToKeeper } from "./files_port.ts";
import { BROKEN } from "./port.ts";
import type { Problem } from "./types.ts";

/** What the client in WebAssembly does for it. */
interface Keeper {
  takeUploaded(id: string, row: Uint8Array): void;
  fileRow(letter: string, index: number): Promise<Uint8Array>;
  /** Of a mailbox, whose browser keeps it. */
  uploadState?(id: string): Promise<Uint8Array | undefined>;
  keepUpload?(id: string, state?: Uint8Array): Promise<void>;
  /** A guest's, whom no cookie signs in. */
  bearer?(): string | undefined;
}

type Asked = Exclude<ToKeeper, { ask: "hear_refusal" }>;

/** What the keeper's Worker does besides. */
interface Around {
  /** Answers in turn with its other calls, where it does one thing at a time. */
  inTurn?(answer: () => Promise<void>): unknown;
  /** Looks whether what the server refused was the session, and not the file. */
  hearRefusal?(problem: Problem): void;
}

/** Answers on this port from now on. */
export function keepFor(port: MessagePort, keeper: () => Keeper | undefined, around: Around): void {
  const { inTurn = (answer) => answer(), hearRefusal } = around;
  port.onmessage = ({ data }: MessageEvent<ToKeeper>) => {
    if (data.ask === "hear_refusal") hearRefusal?.(data.problem);
    else void inTurn(() => answered(port, keeper(), data));
  };
}

async function answered(port: MessagePort, keeper: Keeper | undefined, asked: Asked): Promise<void> {
  const { number } = asked;
  try {
    if (!keeper) throw JSON.stringify(BROKEN);
    say(port, { number, answer: await answerOf(keeper, asked) });
  } catch (rejection) {
    say(port, { number, refusal: problemOf(rejection) });
  }
}

async function answerOf(keeper: Keeper, asked: Asked): Promise<Uint8Array | string | null> {
  switch (asked.ask) {
    case "bearer":
      return keeper.bearer?.() ?? null;
    case "row":
      return keeper.fileRow(asked.letter, asked.index);
    case "state":
      return (await keeper.uploadState?.(asked.id)) ?? null;
    case "keep_state":
      await keeper.keepUpload?.(asked.id, asked.state ?? undefined);
      return null;
    case "keep":
      keeper.takeUploaded(asked.id, asked.row);
      asked.row.fill(0);
      return null;
  }
}

function say(port: MessagePort, message: FromKeeper): void {
  port.postMessage(message);
}
