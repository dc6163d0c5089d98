/** A word that the browser keeps for the page; nothing where it may not, as where all site data is blocked. */
export class Remembered {
  readonly #storage: () => Storage;
  readonly #key: string;

  constructor(storage: () => Storage, key: string) {
    this.#storage = storage;
    this.#key = key;
  }

  get value(): string | null {
    try {
      return this.#storage().getItem(this.#key);
    } catch {
      return null;
    }
  }

  set value(value: string | null) {
    try {
      if (value === null) this.#storage().removeItem(this.#key);
      else this.#storage().setItem(this.#key, value);
    } catch {
      // Then a reload asks for the password.
    }
  }
}
