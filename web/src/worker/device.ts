// What this browser keeps between two visits: rows, each sealed by the client before it comes here, and the session, which
// opens nothing without the server's half.

const DATABASE = "securemailbox";
/** Another one than the stores below have: they are made anew, and filled from the server. */
const FORM = 2;
const SESSIONS = "sessions";
const ROWS = "rows";
/** There is one session. */
const SESSION = "session";

/** An account, a table and an id, in hexadecimal digits but for the table. */
type Key = [account: string, table: string, id: string];

/** What must stand at a place for a write to happen: `undefined` anything, `null` nothing, else a row with this beginning. */
type Expected = Uint8Array | null | undefined;

/** A row of a write; without bytes it is erased. */
export type RowWrite = [table: string, id: string, expected: Expected, bytes: Uint8Array | undefined];

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(DATABASE, FORM);
    request.onupgradeneeded = () => {
      for (const store of request.result.objectStoreNames) request.result.deleteObjectStore(store);
      request.result.createObjectStore(SESSIONS);
      request.result.createObjectStore(ROWS);
    };
    request.onsuccess = () => {
      // Another build's tab wants to make the stores anew: it must not wait for this one.
      request.result.onversionchange = () => forgetDatabase(request.result);
      request.result.onclose = () => forgetDatabase(request.result);
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  opened.catch(() => (opened = undefined));
  return opened;
}

function forgetDatabase(database: IDBDatabase): void {
  database.close();
  opened = undefined;
}

/** Runs `act` in one transaction, and resolves to what it says once that is done: on disk, where it wrote. */
async function within<T>(store: string, mode: IDBTransactionMode, act: (rows: IDBObjectStore, done: (answer: T) => void) => void) {
  const { transaction } = await begun(store, mode);
  return await new Promise<T>((resolve, reject) => {
    let answer: T | undefined;
    act(transaction.objectStore(store), (said) => (answer = said));
    transaction.oncomplete = () => resolve(answer as T);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** The transaction comes inside an object: one that is awaited by itself would end before it is used. */
async function begun(store: string, mode: IDBTransactionMode): Promise<{ transaction: IDBTransaction }> {
  const begin = (database: IDBDatabase) => ({ transaction: database.transaction(store, mode, { durability: "strict" }) });
  try {
    return begin(await database());
  } catch {
    // The connection was closed under us: by the browser, or for another build.
    opened = undefined;
    return begin(await database());
  }
}

/** Everything of one table of one account. */
const table = (account: string, name: string) => IDBKeyRange.bound([account, name, ""], [account, name, "\uffff"]);

/** Whether a row is what its writer has read: no two writings of a row begin alike. */
function allows(expected: Expected, row: Uint8Array | undefined): boolean {
  if (expected === undefined) return true;
  if (expected === null) return row === undefined;
  return row !== undefined && expected.every((byte, at) => byte === row[at]);
}

export const device = {
  session: (): Promise<Uint8Array | undefined> =>
    within(SESSIONS, "readonly", (rows, done) => {
      const asked = rows.get(SESSION);
      asked.onsuccess = () => done(asked.result as Uint8Array | undefined);
    }),

  keepSession: (bytes: Uint8Array): Promise<void> => within(SESSIONS, "readwrite", (rows) => rows.put(bytes, SESSION)),

  forgetSession: (): Promise<void> => within(SESSIONS, "readwrite", (rows) => rows.delete(SESSION)),

  /** Ids and rows in turn, in the order of their ids. */
  scan: (account: string, name: string): Promise<(string | Uint8Array)[]> =>
    within(ROWS, "readonly", (rows, done) => {
      const ids = rows.getAllKeys(table(account, name));
      const bytes = rows.getAll(table(account, name));
      bytes.onsuccess = () => {
        const keys = ids.result as unknown as Key[];
        done(keys.flatMap(([, , id], at) => [id, bytes.result[at] as Uint8Array]));
      };
    }),

  get: (account: string, name: string, ids: string[]): Promise<(Uint8Array | undefined)[]> =>
    within(ROWS, "readonly", (rows, done) => {
      const found: (Uint8Array | undefined)[] = [];
      ids.forEach((id, at) => {
        const asked = rows.get([account, name, id]);
        asked.onsuccess = () => {
          found[at] = asked.result as Uint8Array | undefined;
        };
      });
      done(found);
    }),

  /** Writes all rows or none; says whether it did. */
  write: (account: string, writes: RowWrite[]): Promise<boolean> =>
    within(ROWS, "readwrite", (rows, done) => {
      done(true);
      const put = () => {
        for (const [name, id, , bytes] of writes) {
          if (bytes) rows.put(bytes, [account, name, id]);
          else rows.delete([account, name, id]);
        }
      };
      const conditions = writes.filter(([, , expected]) => expected !== undefined);
      let open = conditions.length;
      let stale = false;
      for (const [name, id, expected] of conditions) {
        const asked = rows.get([account, name, id]);
        asked.onsuccess = () => {
          stale ||= !allows(expected, asked.result as Uint8Array | undefined);
          if (--open > 0) return;
          if (stale) done(false);
          else put();
        };
      }
      if (conditions.length === 0) put();
    }),

  eraseRows: (): Promise<void> => within(ROWS, "readwrite", (rows) => rows.clear()),
};
