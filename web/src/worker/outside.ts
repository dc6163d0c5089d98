// The outside world as the client in a Worker gets it: the server, a store, a clock.

import { device } from "./device.ts";

/** How long an answer may take. A letter of 2 MiB over a bad mobile network needs less. */
const PATIENCE = 90_000;

const SESSION = "session";

interface Answer {
  status: number;
  content_type: string;
  body: Uint8Array;
}

/** Where a session is kept that ends with its tab: the page has the only store that does. */
export interface Tab {
  session: string | null;
  keep(session: string | null): void;
}

export class Outside {
  readonly #tab: Tab;
  readonly #reached: (online: boolean) => void;

  /** `reached` is told after each call whether the server answered. */
  constructor(tab: Tab, reached: (online: boolean) => void) {
    this.#tab = tab;
    this.#reached = reached;
  }

  async call(
    method: string,
    path: string,
    headers: string[],
    body: Uint8Array<ArrayBuffer>,
    limit: number,
  ): Promise<Answer> {
    const pairs = new Headers();
    for (let at = 0; at + 1 < headers.length; at += 2) pairs.set(headers[at] ?? "", headers[at + 1] ?? "");
    try {
      const response = await fetch(path, {
        method,
        headers: pairs,
        body: method === "GET" || body.length === 0 ? null : body,
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(PATIENCE),
      });
      const answer = {
        status: response.status,
        content_type: (response.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "",
        body: await within(limit, response),
      };
      this.#reached(true);
      return answer;
    } catch (error) {
      this.#reached(false);
      throw error;
    }
  }

  async load(item: string): Promise<Uint8Array | undefined> {
    const kept = await device.load(item);
    if (kept !== undefined || item !== SESSION || this.#tab.session === null) return kept;
    return new TextEncoder().encode(this.#tab.session);
  }

  async save(item: string, bytes: Uint8Array): Promise<void> {
    if (item !== SESSION) {
      await device.save(item, bytes);
      return;
    }
    const session = new TextDecoder().decode(bytes);
    if (staysSignedIn(session)) {
      await device.save(item, bytes);
      this.#tab.keep(null);
    } else {
      await device.erase(item);
      this.#tab.keep(session);
    }
  }

  async erase(item: string): Promise<void> {
    await device.erase(item);
    if (item === SESSION) this.#tab.keep(null);
  }

  now(): number {
    return Date.now();
  }
}

function staysSignedIn(session: string): boolean {
  const parsed: unknown = JSON.parse(session);
  return typeof parsed === "object" && parsed !== null && "kept" in parsed && parsed.kept === true;
}

/** Reads an answer until it ends, or gives it up when it is larger than the protocol allows. */
async function within(limit: number, response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    length += part.value.length;
    if (length > limit) {
      await reader?.cancel();
      throw new Error("the answer is larger than the protocol allows");
    }
    chunks.push(part.value);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
