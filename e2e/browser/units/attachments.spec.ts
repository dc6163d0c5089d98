// The files of a letter that is being written: which are taken, which are refused, and when the letter may go.
import "./runes.ts";
import { expect, test } from "@playwright/test";
import type { Sending, Uploads } from "../../../web/src/attachments/engine.ts";
import { FilesToSend } from "../../../web/src/attachments/files.svelte.ts";
import { refusalWords } from "../../../web/src/attachments/refusals.ts";
import { inLanguage } from "./language.ts";

const LARGEST = 100_000_000;
const PROBLEM = { name: "storage-full", class: "unavailable", address: null, level: null, retry_after: null, offers: [], request: null } as const;

/** Uploads that do what the test says. */
class Told implements Uploads {
  readonly did: string[] = [];
  readonly #known = new Map<string, Sending>();
  readonly #listeners = new Set<(id: string, state: Sending) => void>();

  add(id: string, file: File): void {
    this.did.push(`add ${file.name}`);
    this.tell(id, { is: "waiting" });
  }
  pause(id: string): void {
    this.did.push(`pause ${id}`);
  }
  resume(id: string): void {
    this.did.push(`resume ${id}`);
  }
  drop(id: string): void {
    this.#known.delete(id);
    this.did.push("drop");
  }
  kept(id: string): void {
    this.did.push(`kept ${id}`);
  }
  subscribe(told: (id: string, state: Sending) => void): () => void {
    this.#listeners.add(told);
    for (const [id, state] of this.#known) told(id, state);
    return () => this.#listeners.delete(told);
  }
  tell(id: string, state: Sending): void {
    this.#known.set(id, state);
    for (const told of this.#listeners) told(id, state);
  }
  get heard(): number {
    return this.#listeners.size;
  }
}

function file(name: string, size = 1): File {
  const made = new File([], name);
  Object.defineProperty(made, "size", { value: size });
  return made;
}

function begun(files: File[] = []) {
  const uploads = new Told();
  const letter = new FilesToSend({ uploads, largest: LARGEST }, []);
  letter.follow();
  letter.add(files);
  return { uploads, letter, ids: letter.rows.map(({ id }) => id) };
}

test.beforeEach(() => inLanguage("sv"));

test("too large, nameless and more than a hundred are refused by name, and the others go on", () => {
  const { letter } = begun([file("a.pdf"), file("stor.zip", 240_000_000), file("\u200B", 12_000), file("tom.txt", 0), file("precis.bin", LARGEST)]);
  expect(letter.rows.map(({ name }) => name)).toEqual(["a.pdf", "tom.txt", "precis.bin"]);
  expect(letter.refusals.map(refusalWords).map((words) => words.replaceAll("\u00A0", " "))).toEqual([
    "stor.zip är 240 MB. En fil får vara högst 100 MB här. Dela upp den i flera.",
    "En fil på 12 kB har inget namn. Ge den ett namn på enheten och lägg till den igen.",
  ]);
  letter.add(Array.from({ length: 99 }, (_, at) => file(`${String(at)}.txt`)));
  expect(letter.rows).toHaveLength(100);
  expect(letter.refusals.map(({ why }) => why)).toEqual(["too-many", "too-many"]);
});

test("two of one name are both kept, and the second says what it was called", () => {
  const { letter } = begun([file("Remiss.pdf"), file("Remiss.pdf"), file("remiss.PDF")]);
  expect(letter.rows.map(({ name, renamed }) => [name, renamed])).toEqual([
    ["Remiss.pdf", undefined],
    ["Remiss (2).pdf", "Remiss.pdf"],
    ["remiss (3).PDF", "remiss.PDF"],
  ]);
});

test("a draft that is opened again knows what is up, what is under way in this tab, and what has to be picked again", () => {
  const uploads = new Told();
  uploads.tell("b", { is: "sending", sent: 5, secondsLeft: 2 });
  const row = (id: string, up: boolean) => ({ id, name: `${id}.pdf`, type: "", size: 10, up });
  const letter = new FilesToSend({ uploads, largest: LARGEST }, [row("a", true), row("b", false), row("c", false)]);
  letter.follow();
  expect(letter.rows.map(({ state }) => state.is)).toEqual(["up", "sending", "elsewhere"]);
  expect(letter.inTheWay.map(({ id }) => id)).toEqual(["c"]);
  expect([letter.size, letter.sent]).toEqual([30, 15]);
  letter.replace("c", file("c.pdf", 11));
  expect(letter.rows.map(({ name, size, state }) => [name, size, state.is])[2]).toEqual(["c.pdf", 11, "waiting"]);
  expect(letter.content.map(({ id }) => id), "it may go on where it was").toContain("c");
  letter.replace("c", file("d.pdf", 11));
  expect(letter.content.map(({ id }) => id), "another one is another file").not.toContain("c");
});

test("a letter waits until all of it is up, also when its page has gone", async () => {
  const { uploads, letter, ids } = begun([file("a"), file("b")]);
  const settled = letter.settled();
  for (const id of ids) uploads.tell(id, { is: "sending", sent: 1, secondsLeft: undefined });
  for (const id of ids) uploads.tell(id, { is: "offline", sent: 1 });
  for (const id of ids) uploads.tell(id, { is: "up" });
  expect(await settled).toBe(true);
});

test("a letter with a file that can't go does not go, until it is tried again or taken away", async () => {
  const { uploads, letter, ids: [first = "", second = ""] } = begun([file("a"), file("b")]);
  const settled = letter.settled();
  uploads.tell(first, { is: "up" });
  uploads.tell(second, { is: "failed", problem: { ...PROBLEM, offers: [] } });
  expect(await settled).toBe(false);
  letter.resume(second);
  uploads.tell(second, { is: "sending", sent: 0, secondsLeft: undefined });
  const again = letter.settled();
  letter.remove(second);
  expect(await again).toBe(true);
  expect(uploads.did).toEqual(["add a", "add b", `resume ${second}`, "drop"]);
});

test("nothing of a draft that was thrown away goes up, unless that is undone; what a person paused stays so", () => {
  const { uploads, letter, ids: [first = "", second = "", third = ""] } = begun([file("a"), file("b"), file("c")]);
  uploads.tell(first, { is: "up" });
  uploads.tell(second, { is: "paused", sent: 0 });
  letter.rest();
  letter.goOn();
  letter.goOn();
  expect(uploads.did.slice(3)).toEqual([`pause ${third}`, `resume ${third}`]);
});

test("nobody listens any more once nobody follows", async () => {
  const uploads = new Told();
  const letter = new FilesToSend({ uploads, largest: LARGEST }, []);
  const stop = letter.follow();
  const other = letter.follow();
  stop();
  stop();
  expect(uploads.heard).toBe(1);
  other();
  expect(uploads.heard).toBe(0);
  expect(await letter.settled()).toBe(true);
  expect(uploads.heard).toBe(0);
});
