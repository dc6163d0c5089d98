// What this browser keeps between two visits: sealed by the client before it comes here, except for the session, which
// opens nothing without the server's half.

const DATABASE = "securemailbox";
const ITEMS = "items";

/** The item that opens the mailbox, together with the server's half. */
export const SESSION_ITEM = "session";

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(ITEMS);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function within<T>(mode: IDBTransactionMode, act: (items: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await opened();
  try {
    return await new Promise<T>((resolve, reject) => {
      // Strict: on disk when it is done, since the client posts a letter only after that.
      const transaction = database.transaction(ITEMS, mode, { durability: "strict" });
      const request = act(transaction.objectStore(ITEMS));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

export const device = {
  load: (item: string): Promise<Uint8Array | undefined> => within("readonly", (items) => items.get(item)),
  save: (item: string, bytes: Uint8Array) => within("readwrite", (items) => items.put(bytes, item)),
  erase: (item: string) => within("readwrite", (items) => items.delete(item)),
};
