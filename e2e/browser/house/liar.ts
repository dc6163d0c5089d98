// A server that lies: what it really answered, with one thing changed on the way to the page and its Workers.
import type { BrowserContext, Route } from "@playwright/test";
import { type Person, Server } from "./server.ts";
import { Terminal } from "./terminal.ts";

const LOOK_UPS = "**/api/v1/directory/look-ups";
const CONTENTS = "**/api/v1/letters/*/content";
const CHANGES = "**/api/v1/changes*";

/** A certificate for somebody's address that somebody else has the key to. Binary, as the directory gives it. */
export async function impostor(person: Person): Promise<Buffer> {
  const elsewhere = await Server.start();
  try {
    const { terminal } = await Terminal.registered(elsewhere, person);
    return await terminal.certificate();
  } finally {
    await elsewhere.end();
  }
}

export class Liar {
  readonly #context: BrowserContext;

  constructor(context: BrowserContext) {
    this.#context = context;
  }

  /** The directory gives this certificate for an address (ATTACKS 5, 14). */
  async givesForAddress(address: string, certificate: Buffer): Promise<void> {
    await this.#context.route(LOOK_UPS, async (route) => {
      const asked = route.request().postDataJSON() as { address: string };
      if (asked.address !== address) return route.fallback();
      return await changed(route, (listing) => ({ ...listing, certificate: certificate.toString("base64url") }));
    });
  }

  /** One bit of each letter's content is another. */
  async changesContents(): Promise<void> {
    await this.#context.route(CONTENTS, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: withOneBitFlipped(await response.body()) });
    });
  }

  /** One bit of each letter's envelope is another: what a list is made of. */
  async changesEnvelopes(): Promise<void> {
    interface Entry {
      released?: { envelope: string };
    }
    await this.#context.route(CHANGES, (route) =>
      changed(route, (answer) => {
        const entries = (answer.entries as Entry[]).map((entry) =>
          entry.released ? { ...entry, released: { ...entry.released, envelope: flipped(entry.released.envelope) } } : entry,
        );
        return { ...answer, entries };
      }),
    );
  }

  /** From now on the truth. */
  async repents(): Promise<void> {
    await this.#context.unrouteAll({ behavior: "wait" });
  }
}

async function changed(route: Route, change: (answer: Record<string, unknown>) => Record<string, unknown>): Promise<void> {
  const response = await route.fetch();
  if (!response.ok()) return route.fulfill({ response });
  await route.fulfill({ response, json: change((await response.json()) as Record<string, unknown>) });
}

function flipped(octets: string): string {
  return withOneBitFlipped(Buffer.from(octets, "base64url")).toString("base64url");
}

function withOneBitFlipped(bytes: Buffer): Buffer {
  const other = Buffer.from(bytes);
  const middle = bytes.length >> 1;
  other.writeUInt8(other.readUInt8(middle) ^ 1, middle);
  return other;
}
