// The outside world as the client in a Worker gets it: the server, a store, a clock.

import { device, type RowWrite } from "./device.ts";

/** How long a server may give no sign of life. */
const PATIENCE = 20_000;
/** The same while a letter of up to 2 MiB goes up a bad mobile network, which shows none. */
const UPLOAD_PATIENCE = 90_000;
const UPLOAD = 64 * 1024;

interface Answer {
  status: number;
  content_type: string;
  retry_after: number | undefined;
  upload_offset: number | undefined;
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

  /** `reached` is told after each call whether the server answered, which the client knows: others may answer for it. */
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
    const patience = new Patience(body.length > UPLOAD ? UPLOAD_PATIENCE : PATIENCE);
    try {
      const response = await fetch(path, {
        method,
        headers: pairs,
        body: method === "GET" || body.length === 0 ? null : body,
        // Somebody who came by a link has a token of their own, beside the cookie of whoever is signed in here.
        credentials: pairs.has("authorization") ? "omit" : "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: patience.signal,
      });
      return {
        status: response.status,
        content_type: (response.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "",
        retry_after: number(response.headers.get("retry-after"), 6),
        upload_offset: number(response.headers.get("upload-offset"), 15),
        body: await within(limit, response, patience),
      };
    } catch (error) {
      this.#reached(false);
      throw error;
    } finally {
      patience.end();
    }
  }

  reached(online: boolean): void {
    this.#reached(online);
  }

  async session(): Promise<Uint8Array | undefined> {
    const kept = await device.session();
    if (kept !== undefined || this.#tab.session === null) return kept;
    return new TextEncoder().encode(this.#tab.session);
  }

  async keepSession(bytes: Uint8Array): Promise<void> {
    const session = new TextDecoder().decode(bytes);
    if (staysSignedIn(session)) {
      await device.keepSession(bytes);
      this.#tab.keep(null);
    } else {
      await device.forgetSession();
      this.#tab.keep(session);
    }
  }

  async forgetSession(): Promise<void> {
    await device.forgetSession();
    this.#tab.keep(null);
  }

  scan(account: string, table: string): Promise<(string | Uint8Array)[]> {
    return device.scan(account, table);
  }

  get(account: string, table: string, ids: string[]): Promise<(Uint8Array | undefined)[]> {
    return device.get(account, table, ids);
  }

  write(account: string, writes: RowWrite[]): Promise<boolean> {
    return device.write(account, writes);
  }

  eraseRows(): Promise<void> {
    return device.eraseRows();
  }

  now(): number {
    return Date.now();
  }
}

function staysSignedIn(session: string): boolean {
  const parsed: unknown = JSON.parse(session);
  return typeof parsed === "object" && parsed !== null && "kept" in parsed && parsed.kept === true;
}

/** `Retry-After`, which may also be a date: ours never is. */
function number(header: string | null, digits: number): number | undefined {
  return header !== null && /^\d+$/.test(header) && header.length <= digits ? Number(header) : undefined;
}

/** Gives a call up when nothing happens for too long. */
class Patience {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout>;

  constructor(millis: number) {
    this.#timer = this.#wait(millis);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A sign of life. */
  renew(): void {
    this.end();
    this.#timer = this.#wait(PATIENCE);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #wait(millis: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#controller.abort(), millis);
  }
}

/** Reads an answer until it ends, or gives it up when it is larger than the protocol allows. */
async function within(limit: number, response: Response, patience: Patience): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    patience.renew();
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
