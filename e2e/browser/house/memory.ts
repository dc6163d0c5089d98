// What a page's own realm remembers, as a debugger sees it: its heap, its buffers, its elements. Its Workers have realms of
// their own.
import type { CDPSession, Page } from "@playwright/test";

export class Memory {
  readonly #page: Page;
  readonly #debugger: CDPSession;

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#debugger = session;
  }

  static async of(page: Page): Promise<Memory> {
    return new Memory(page, await page.context().newCDPSession(page));
  }

  /** Everything that can be searched, in one text: strings as they are, bytes as Latin-1 characters. */
  async everything(): Promise<string> {
    return [await this.#heap(), await this.#bytes(), await this.#elements()].join("\n");
  }

  /** How many objects of a class are alive. */
  async count(prototype: string): Promise<number> {
    return (await this.#ofAll(prototype, "function () { return this.length; }")) as number;
  }

  /** The strings of a heap snapshot, which begins with a collection of what nobody holds any more. */
  async #heap(): Promise<string> {
    const chunks: string[] = [];
    const take = ({ chunk }: { chunk: string }) => void chunks.push(chunk);
    this.#debugger.on("HeapProfiler.addHeapSnapshotChunk", take);
    await this.#debugger.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
    this.#debugger.off("HeapProfiler.addHeapSnapshotChunk", take);
    return (JSON.parse(chunks.join("")) as { strings: string[] }).strings.join("\n");
  }

  async #bytes(): Promise<string> {
    const read = `function () {
      return this.map((buffer) => Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("")).join("\\n");
    }`;
    return (await this.#ofAll("ArrayBuffer.prototype", read)) as string;
  }

  /** What stands on the page, and in its fields. */
  #elements(): Promise<string> {
    return this.#page.evaluate(() => {
      const fields = [...document.querySelectorAll("input, textarea")] as (HTMLInputElement | HTMLTextAreaElement)[];
      return [document.title, location.href, document.documentElement.outerHTML, ...fields.map(({ value }) => value)].join("\n");
    });
  }

  async #ofAll(prototype: string, read: string): Promise<unknown> {
    const group = { objectGroup: "memory" };
    const { result } = await this.#debugger.send("Runtime.evaluate", { expression: prototype, ...group });
    if (result.objectId === undefined) throw new Error(`no ${prototype} in this realm`);
    const found = { prototypeObjectId: result.objectId, ...group };
    const { objects } = await this.#debugger.send("Runtime.queryObjects", found);
    const of = objects.objectId === undefined ? {} : { objectId: objects.objectId };
    const reading = { functionDeclaration: read, returnByValue: true, ...of };
    const { result: answer } = await this.#debugger.send("Runtime.callFunctionOn", reading);
    await this.#debugger.send("Runtime.releaseObjectGroup", group);
    return answer.value as unknown;
  }
}
