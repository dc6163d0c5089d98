// What both Workers have in common: calls come one at a time, and are answered by the client in WebAssembly.

import { BROKEN, type ToPage, type ToWorker } from "./port.ts";
import type { Problem } from "./types.ts";

/** A call of the page. */
export type Call = Extract<ToWorker, { do: "call" }>;

interface Client {
  /** For those whose calls may bring one along. */
  handOutput?(output: Uint8Array): void;
  answer(call: string, args: string): Promise<string>;
}

export function say(message: ToPage): void {
  postMessage(message);
}

/** Runs what it is given one after the other, since the client is one person at one desk. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** What a rejected call says; anything but a problem is a fault of ours. */
export function problemOf(rejection: unknown): Problem {
  if (typeof rejection !== "string") return BROKEN;
  return JSON.parse(rejection) as Problem;
}

function hand(client: Client, output: Uint8Array): void {
  client.handOutput?.(output);
  output.fill(0);
}

/** Answers one call, and tells how it went. */
export async function answer(client: Client, { id, call, args, output }: Call): Promise<Problem | null> {
  try {
    // The call takes it before it waits for anything.
    if (output) hand(client, new Uint8Array(output));
    say({ say: "answer", id, answer: await client.answer(call, args) });
    return null;
  } catch (rejection) {
    const problem = problemOf(rejection);
    say({ say: "refusal", id, problem });
    return problem;
  }
}

/** For a Worker that makes or opens a mailbox: what it has to hand over goes to the mailbox Worker, and it ends with that. */
export async function answerAndHandOver(
  client: (Client & { takeOpening(): Uint8Array | undefined }) | undefined,
  call: Call,
  handover: MessagePort | null,
): Promise<void> {
  if (!client) return say({ say: "refusal", id: call.id, problem: BROKEN });
  await answer(client, call);
  const opening = client.takeOpening();
  if (!opening) return;
  handover?.postMessage(opening, [opening.buffer]);
  close();
}
