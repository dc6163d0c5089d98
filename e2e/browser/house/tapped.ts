// A tap on the mailbox Worker, so that a test knows what it must not find elsewhere: what the sign-in Worker hands over,
// and the memory of the WebAssembly.
import type { Page, Worker } from "@playwright/test";

interface Scope {
  opening?: string;
  memory?: ArrayBuffer;
}

/** To be put in after the password was proved and before the code is entered: then the Worker waits for the account. */
export async function tap(page: Page): Promise<Worker> {
  const worker = page.workers().find((one) => one.url().includes("mailbox_worker"));
  if (!worker) throw new Error("there is no mailbox Worker");
  await worker.evaluate(() => {
    const scope = globalThis as unknown as Scope;
    const arrays = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
    const { set } = arrays;
    arrays.set = function (this: Uint8Array, source: ArrayLike<number>, offset?: number) {
      scope.memory = this.buffer as ArrayBuffer;
      const said = source instanceof Uint8Array ? new TextDecoder().decode(source) : "";
      if (said.includes('"secret"')) scope.opening = said;
      return Reflect.apply(set, this, [source, offset]) as undefined;
    };
    const { encodeInto } = TextEncoder.prototype;
    TextEncoder.prototype.encodeInto = function (this: TextEncoder, source: string, into: Uint8Array) {
      scope.memory = into.buffer as ArrayBuffer;
      return Reflect.apply(encodeInto, this, [source, into]) as { read: number; written: number };
    };
  });
  return worker;
}

/** The account secret (PROTOCOL §2), as it was handed over. */
export async function accountSecret(worker: Worker): Promise<Buffer> {
  const opening = await worker.evaluate(() => (globalThis as unknown as Scope).opening ?? "{}");
  const { secret } = JSON.parse(opening) as { secret?: string };
  if (secret === undefined) throw new Error("nothing was handed over");
  return Buffer.from(secret, "base64url");
}

/** Whether bytes stand in the memory of the Worker's WebAssembly. */
export function holds(worker: Worker, bytes: Buffer): Promise<boolean> {
  return worker.evaluate((wanted) => {
    const memory = new Uint8Array((globalThis as unknown as Scope).memory ?? new ArrayBuffer(0));
    for (let at = memory.indexOf(wanted[0] ?? 0); at !== -1; at = memory.indexOf(wanted[0] ?? 0, at + 1)) {
      if (wanted.every((byte, index) => memory[at + index] === byte)) return true;
    }
    return false;
  }, [...bytes]);
}
