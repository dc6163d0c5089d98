// Rows of a folder that are picked, to do something with all their letters at once.

export class Picking {
  ids = $state.raw<ReadonlySet<string>>(new Set());
  /** One is being picked, or was: rows are ticked instead of opened. */
  on = $state(false);
  /** From where one that is picked with Shift reaches. */
  #from: number | undefined;

  begin(): void {
    this.on = true;
  }

  end(): void {
    this.on = false;
    this.ids = new Set();
    this.#from = undefined;
  }

  /** Picks a row, or lets it go. */
  toggle(id: string, index: number): void {
    const ids = new Set(this.ids);
    if (!ids.delete(id)) ids.add(id);
    this.ids = ids;
    this.on = true;
    this.#from = index;
  }

  /** Picks everything from the row that was picked last to this one. */
  reach(rows: readonly ({ id: string } | undefined)[], index: number): void {
    this.#from ??= index;
    const [first, last] = [Math.min(this.#from, index), Math.max(this.#from, index)];
    this.add(rows.slice(first, last + 1));
  }

  add(rows: readonly ({ id: string } | undefined)[]): void {
    this.ids = new Set([...this.ids, ...rows.flatMap((row) => row?.id ?? [])]);
    this.on = true;
  }
}
