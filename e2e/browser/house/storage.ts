// Everything a page can leave in its browser.
import type { Page } from "@playwright/test";

export interface Kept {
  where: string;
  key: string;
  /** Text as it is, bytes as Latin-1 characters. */
  value: string;
}

/** What lies in localStorage, sessionStorage, IndexedDB, caches, and cookies that scripts see. */
export function keptBy(page: Page): Promise<Kept[]> {
  return page.evaluate(async () => {
    const found: { where: string; key: string; value: string }[] = [];
    const asText = (value: unknown) =>
      value instanceof Uint8Array ? Array.from(value, (byte) => String.fromCharCode(byte)).join("") : JSON.stringify(value);
    for (const [where, storage] of [["localStorage", localStorage], ["sessionStorage", sessionStorage]] as const) {
      for (const [key, value] of Object.entries(storage)) found.push({ where, key, value: String(value) });
    }
    const asked = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    for (const { name } of await indexedDB.databases()) {
      const database = await asked(indexedDB.open(name ?? ""));
      for (const store of database.objectStoreNames) {
        const rows = database.transaction(store).objectStore(store);
        const [keys, values] = await Promise.all([asked(rows.getAllKeys()), asked(rows.getAll())]);
        for (const [index, key] of keys.entries()) {
          found.push({ where: `${name}/${store}`, key: asText(key), value: asText(values[index]) });
        }
      }
      database.close();
    }
    for (const name of await caches.keys()) {
      for (const { url } of await (await caches.open(name)).keys()) found.push({ where: `cache ${name}`, key: url, value: "" });
    }
    if (document.cookie !== "") found.push({ where: "cookie", key: "document.cookie", value: document.cookie });
    return found;
  });
}
