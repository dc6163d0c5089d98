// The conversations of one folder, as far as they were asked for. They come in parts: the first at once, the others when
// somebody scrolls there, so that a mailbox of thousands opens as fast as one of ten.

import { painted } from "../app/painted.ts";
import { type mailbox, problemIn } from "../worker/index.ts";
import type { Conversation, Counts, Folder, Marking, Problem, Which } from "../worker/types.ts";
import type { OpenLetter } from "./open_letter.svelte.ts";

/** How many rows one part has: about as many as a window shows at once, since each of them is opened when it is first seen. */
const PART = 25;
/** How soon what could not be checked is checked again: a server that answers some calls only is not asked without end. */
const AGAIN_AFTER = 30_000;

/** Rows that stand next to each other, from a place in the folder on, and how many there are in all. */
interface Part {
  from: number;
  rows: readonly Conversation[];
  total: number;
}

type Vault = Pick<typeof mailbox, "call">;

export class OpenFolder {
  readonly folder: Folder;
  /** Unknown until the first part has come. */
  total = $state<number>();
  /** By their place in the folder, newest first; a hole has not come yet. */
  rows = $state.raw<readonly (Conversation | undefined)[]>([]);
  /** Rises when another row stands somewhere; that a row changed is no other order. */
  order = $state(0);
  problem = $state.raw<Problem>();
  /** Which of its conversations are shown. */
  which = $state<Which>("all");
  /** Letters that lie here are erased when their time is over. */
  erases = $state(false);
  /** The letter that is open; its row stays, though reading it makes it another one than was asked for. */
  open = "";

  readonly #vault: Vault;
  /** The parts that were asked for, by number, each with the promise that it comes. */
  #parts = new Map<number, Promise<void>>();
  /** Letters that are moved away, while the server has not said so yet. */
  readonly #leaving = new Set<string>();
  /** Rises with each refresh; what was asked for before it is old when it comes. */
  #age = 0;
  /** What was asked for last, which is waited for in the place of whatever is older. */
  #newest: Promise<void> = Promise.resolve();
  #checkedAgain = 0;
  /** The parts that the rows on the page are of. */
  #inSight: readonly number[] = [0];
  /** Whether these are being fetched. */
  #isLooking = false;

  constructor(vault: Vault, folder: Folder) {
    this.#vault = vault;
    this.folder = folder;
    if (folder === "trash") void this.#askHowLong();
  }

  /** Shows others of its conversations. */
  async choose(which: Which): Promise<void> {
    this.which = which;
    this.#inSight = [0];
    this.rows = [];
    this.total = undefined;
    await this.refresh();
  }

  /** Sees to it that the rows from `first` to `last` come. */
  async need(first: number, last: number): Promise<void> {
    const numbers = [];
    for (let part = Math.floor(first / PART); part * PART <= last; part++) numbers.push(part);
    await Promise.all(numbers.map((part) => this.#part(part)));
  }

  /** These rows are drawn, and are to come. Whoever pulls the scroll bar waits for where they stop, not for what they passed. */
  async look(drawn: readonly number[]): Promise<void> {
    if (drawn.length === 0) return;
    this.#inSight = [...new Set(drawn.map((index) => Math.floor(index / PART)))];
    if (this.#isLooking) return;
    this.#isLooking = true;
    for (let met; met !== this.#inSight; ) {
      met = this.#inSight;
      await Promise.all(met.map((part) => this.#part(part)));
    }
    this.#isLooking = false;
  }

  /**
   * Asks again for the rows on the page, and shows them in one go: nothing jumps, nothing blinks. The others are asked for
   * again when somebody comes there.
   */
  refresh(): Promise<void> {
    const coming = this.#refresh(++this.#age, this.#inSight);
    this.#newest = coming;
    this.#parts = new Map(this.#inSight.map((part) => [part, coming]));
    return coming;
  }

  async #refresh(age: number, parts: readonly number[]): Promise<void> {
    try {
      const answers = await Promise.all(parts.map((part) => this.#ask(part)));
      if (age !== this.#age) return await this.#newest;
      this.#take(answers);
    } catch (failed) {
      if (age === this.#age) this.#fail(failed);
    }
  }

  /** The server answers again: what could not be checked while it did not is checked now. */
  async checkAgain(): Promise<void> {
    const now = Date.now();
    if (now - this.#checkedAgain < AGAIN_AFTER || !this.rows.some((row) => row?.newest.damage?.class === "unavailable")) return;
    this.#checkedAgain = now;
    await this.refresh();
  }

  /** Puts letters that were moved away back into this folder. */
  async bringBack(ids: readonly string[]): Promise<Counts> {
    await painted(); // so that it never overtakes the move that it takes back
    const counts = await this.#vault.call("move_letters", { ids: [...ids], to: this.folder });
    await this.refresh();
    return counts;
  }

  /** Moves letters away, at once on the page. */
  move(ids: readonly string[], to: Folder): Promise<Counts> {
    return this.#away(ids, () => this.#vault.call("move_letters", { ids: [...ids], to }));
  }

  /** Moves letters to where they came from, at once on the page. */
  putBack(ids: readonly string[]): Promise<Counts> {
    return this.#away(ids, () => this.#vault.call("put_back", { ids: [...ids] }));
  }

  async #away(ids: readonly string[], move: () => Promise<Counts>): Promise<Counts> {
    ids.forEach((id) => this.#leaving.add(id));
    this.#show(this.rows, this.total ?? 0);
    try {
      await painted();
      return await move();
    } finally {
      ids.forEach((id) => this.#leaving.delete(id));
      await this.refresh();
    }
  }

  /** Marks letters, at once on the page. */
  async mark(marking: Marking): Promise<Counts> {
    const { read, flagged } = marking;
    const marked = new Set(marking.ids);
    this.rows = this.rows.map((row) => {
      if (!row || !row.ids.every((id) => marked.has(id))) return row;
      const marks = { read: read ?? row.read, flagged: flagged ?? row.flagged };
      return { ...row, ...marks, newest: { ...row.newest, ...marks } };
    });
    try {
      await painted();
      return await this.#vault.call("mark_letters", marking);
    } finally {
      await this.refresh();
    }
  }

  /** The place of the row that a letter is in. */
  indexOf(letter: string): number {
    return this.rows.findIndex((row) => row?.ids.includes(letter));
  }

  /** The letters of the row that one is in. Where the list has not come so far, the letter itself knows. */
  together({ id, opening }: OpenLetter): readonly string[] {
    return this.rows[this.indexOf(id)]?.ids ?? (opening.state === "open" ? opening.letter.row : [id]);
  }

  async #askHowLong(): Promise<void> {
    try {
      this.erases = (await this.#vault.call("trash_life", {})) === "thirty-days";
    } catch (failed) {
      // Nothing is said of what is not known.
      problemIn(failed);
    }
  }

  #part(part: number): Promise<void> {
    const known = this.#parts.get(part);
    if (known) return known;
    const coming = this.#fetch(part);
    this.#parts.set(part, coming);
    return coming;
  }

  async #fetch(part: number): Promise<void> {
    try {
      for (let age; age !== this.#age; ) {
        age = this.#age;
        const answer = await this.#ask(part);
        if (age === this.#age) this.#take([answer]);
      }
    } catch (failed) {
      this.#parts.delete(part);
      this.#fail(failed);
    }
  }

  async #ask(part: number): Promise<Part> {
    const from = part * PART;
    const { folder, which } = this;
    const open = this.open === "" ? null : this.open;
    return { from, ...(await this.#vault.call("list", { folder, which, open, from, count: PART })) };
  }

  /** A row that comes is nowhere else, though it may have been. */
  #take(answers: readonly Part[]): void {
    const came = new Set(answers.flatMap(({ rows }) => rows.map(({ id }) => id)));
    const rows = Array.from(this.rows, (row) => (row && came.has(row.id) ? undefined : row));
    for (const { from, rows: coming } of answers) for (let at = 0; at < PART; at++) rows[from + at] = coming[at];
    this.#show(rows, answers[0]?.total ?? 0);
  }

  #show(rows: readonly (Conversation | undefined)[], total: number): void {
    const leaves = (row: Conversation) => row.ids.every((id) => this.#leaving.has(id));
    const staying = Array.from(rows, (row) => row).filter((row) => row === undefined || !leaves(row));
    const before = this.rows;
    this.total = total - (rows.length - staying.length);
    this.rows = staying.slice(0, this.total);
    if (before.length !== this.rows.length || before.some((row, at) => row?.id !== this.rows[at]?.id)) this.order++;
    this.problem = undefined;
  }

  #fail(failed: unknown): void {
    this.problem = problemIn(failed);
  }
}
