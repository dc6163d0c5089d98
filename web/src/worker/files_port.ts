// What the page, the files Worker and the keeper of keys (the mailbox Worker, or a guest's) say to each other of attachments.

import type { Receiving, Sending } from "../attachments/engine.ts";
import type { Problem } from "./types.ts";

/** The page to the files Worker. */
export type ToFiles =
  | { do: "begin"; module: WebAssembly.Module; keeper: MessagePort }
  | { do: "send"; id: string; file: File }
  | { do: "pause" | "resume" | "drop"; id: string }
  /** Without a sink it is given back whole, to be shown. */
  | { do: "get"; id: string; letter: string; index: number; sink: WritableStream<Uint8Array> | null }
  | { do: "pause_getting" | "resume_getting" | "cancel"; id: string };

/** The files Worker to the page. */
export type FromFiles =
  | { say: "sending"; id: string; state: Sending }
  | { say: "receiving"; id: string; state: Receiving }
  | { say: "bytes"; id: string; bytes: Uint8Array<ArrayBuffer> }
  | { say: "no_bytes"; id: string; problem: Problem };

/** The files Worker to the keeper, which answers each that has a number. */
export type ToKeeper =
  /** With what a guest's requests are signed. */
  | { ask: "bearer"; number: number }
  /** What opens an attachment. */
  | { ask: "row"; number: number; letter: string; index: number }
  /** How far an upload was of this file, and how far it is; nothing: it is over. */
  | { ask: "state"; number: number; id: string }
  | { ask: "keep_state"; number: number; id: string; state: Uint8Array | null }
  /** A file is whole at the server, and this opens it. */
  | { ask: "keep"; number: number; id: string; row: Uint8Array }
  /** The server refused a file, for which the session may be the reason. */
  | { ask: "hear_refusal"; problem: Problem };

export type FromKeeper =
  | { number: number; answer: Uint8Array | string | null }
  | { number: number; refusal: Problem };
