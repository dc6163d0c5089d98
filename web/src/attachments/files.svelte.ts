// The files of a letter that is being written: which were taken, which were refused, and how far each is on its way up. It
// lives as long as the letter, and the letter outlives its page: one that was sent waits here until all of it is up.

import type { DraftFile, Outward, Sending } from "./engine.ts";
import { eachOnce, sentName, shownName } from "./file_names.ts";
import type { Dropped } from "./picked.ts";
import { MOST_FILES, type Refusal } from "./refusals.ts";

export interface FileToSend {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly state: Sending;
  /** What it is called on the disk, where a file of that name was there already. */
  readonly renamed?: string;
}

type Heard = (row: FileToSend) => void;

const ON_ITS_WAY: readonly Sending["is"][] = ["waiting", "sending", "offline"];
const IN_THE_WAY: readonly Sending["is"][] = ["failed", "changed", "elsewhere"];

export class FilesToSend {
  rows = $state.raw<readonly FileToSend[]>([]);
  /** Of what was added last. */
  refusals = $state.raw<readonly Refusal[]>([]);
  /** How many octets a file may have here. */
  readonly largest: number;
  readonly #uploads: Outward["uploads"];
  readonly #followers = new Set<{ heard: Heard }>();
  #stop: (() => void) | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #resting = new Set<string>();

  constructor({ uploads, largest }: Outward, begun: readonly DraftFile[] = []) {
    this.#uploads = uploads;
    this.largest = largest;
    this.rows = begun.map(({ up, ...file }) => ({ ...file, state: { is: up ? "up" : "elsewhere" } }));
  }

  get size(): number {
    return this.rows.reduce((sum, { size }) => sum + size, 0);
  }

  /** Octets that are at the server. */
  get sent(): number {
    return this.rows.reduce((sum, row) => sum + sentOf(row), 0);
  }

  /** They keep the letter from being sent. */
  get inTheWay(): FileToSend[] {
    return this.rows.filter(({ state }) => IN_THE_WAY.includes(state.is));
  }

  get allUp(): boolean {
    return this.up.length === this.rows.length;
  }

  /** The ids of those that are at the server. */
  get up(): string[] {
    return this.rows.filter(({ state }) => state.is === "up").map(({ id }) => id);
  }

  /** The draft was saved with these, so that it opens them on every device. */
  kept(ids: readonly string[]): void {
    for (const id of ids) this.#uploads.kept(id);
  }

  /** Hears how they stand, until the returned function is called. `heard`: of each that came into another state. */
  follow(heard: Heard = () => undefined): () => void {
    const follower = { heard };
    this.#followers.add(follower);
    this.#stop ??= this.#uploads.subscribe((id, state) => this.#told(id, state));
    return () => {
      this.#followers.delete(follower);
      if (this.#followers.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  /** Takes what it can and refuses the rest by name; returns how many it took. */
  add(files: readonly File[], unreadable: readonly string[] = []): number {
    const refusals: Refusal[] = unreadable.map((name) => ({ why: "unreadable", name }));
    const taken: File[] = [];
    for (const file of files) {
      const refusal = this.#refusal(file) ?? (this.rows.length + taken.length >= MOST_FILES && { why: "too-many" as const, name: file.name });
      if (refusal) refusals.push(refusal);
      else taken.push(file);
    }
    const names = eachOnce(taken.map(({ name }) => sentName(name)), this.rows.map(({ name }) => name));
    const rows = taken.map((file, place) => rowOf(file, names[place] ?? file.name));
    this.rows = [...this.rows, ...rows];
    this.refusals = refusals;
    for (const [place, file] of taken.entries()) this.#begin(rows[place], file);
    return taken.length;
  }

  addDropped({ files, unreadable }: Dropped): number {
    return this.add(files, unreadable);
  }

  /** The file on the disk as it is now, in the place of one that changed or is not here. Keeps its name in the letter. */
  replace(id: string, file: File): void {
    const refusal = this.#refusal(file);
    this.refusals = refusal ? [refusal] : [];
    const before = this.rows.find((row) => row.id === id);
    if (refusal || !before) return;
    const others = this.rows.filter((row) => row !== before).map(({ name }) => name);
    const again = shownName(file.name) === shownName(before.renamed ?? before.name);
    const [name = file.name] = again ? [before.name] : eachOnce([sentName(file.name)], others);
    const { renamed } = before;
    // The same one keeps its id: if it is the file that it was, it goes on where it stopped, in another tab too.
    const row = again ? { ...rowOf(file, name), id, ...(renamed === undefined ? {} : { renamed }) } : rowOf(file, name);
    if (!again) this.#uploads.drop(id);
    this.rows = this.rows.map((other) => (other === before ? row : other));
    this.#begin(row, file);
  }

  remove(id: string): void {
    this.rows = this.rows.filter((row) => row.id !== id);
    this.#uploads.drop(id);
    this.#settle();
  }

  pause(id: string): void {
    this.#uploads.pause(id);
  }

  /** After a pause or a failure. */
  resume(id: string): void {
    this.#uploads.resume(id);
  }

  /** The draft was thrown away: nothing goes up while that can be undone, and no more if it is not. */
  rest(): void {
    for (const { id, state } of this.rows) {
      if (!ON_ITS_WAY.includes(state.is)) continue;
      this.#resting.add(id);
      this.#uploads.pause(id);
    }
  }

  /** It can't be undone any more. */
  giveUp(): void {
    for (const id of this.#resting) this.#uploads.drop(id);
    this.#resting.clear();
  }

  /** It is a draft again. */
  goOn(): void {
    for (const id of this.#resting) this.#uploads.resume(id);
    this.#resting.clear();
  }

  /** Resolves once nothing is on its way any more: to whether all of it is up. */
  async settled(): Promise<boolean> {
    const stop = this.follow();
    // Whoever sends the letter wants its files to go.
    for (const { id, state } of this.rows) if (state.is === "paused") this.#uploads.resume(id);
    try {
      while (!this.allUp && this.inTheWay.length === 0) await new Promise<void>((resolve) => this.#waiting.add(resolve));
      return this.allUp;
    } finally {
      stop();
    }
  }

  /** As the draft keeps them. */
  get content(): Omit<DraftFile, "up">[] {
    return this.rows.map(({ id, name, type, size }) => ({ id, name, type, size }));
  }

  #refusal({ name, size }: File): Refusal | undefined {
    if (shownName(name) === "") return { why: "nameless", size };
    return size > this.largest ? { why: "too-large", name, size, largest: this.largest } : undefined;
  }

  #begin(row: FileToSend | undefined, file: File): void {
    if (row) this.#uploads.add(row.id, file);
  }

  #told(id: string, state: Sending): void {
    const before = this.rows.find((row) => row.id === id);
    if (!before) return;
    const now = { ...before, state };
    this.rows = this.rows.map((row) => (row === before ? now : row));
    if (before.state.is !== state.is) for (const { heard } of this.#followers) heard(now);
    this.#settle();
  }

  /** Whoever waits looks again. */
  #settle(): void {
    if (!this.allUp && this.inTheWay.length === 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

function rowOf(file: File, name: string): FileToSend {
  const { type, size } = file;
  // 32 hexadecimal digits, as the vault writes them.
  const id = crypto.randomUUID().replaceAll("-", "").toUpperCase();
  const row = { id, name, type, size, state: { is: "waiting" } } as const;
  return name === sentName(file.name) ? row : { ...row, renamed: file.name };
}

function sentOf({ state, size }: FileToSend): number {
  if (state.is === "up") return size;
  return "sent" in state ? state.sent : 0;
}
