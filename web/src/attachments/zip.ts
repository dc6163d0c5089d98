// Several files as one, made while they come: nothing of them is kept, and nothing is packed, for pictures and films are.

import { makeZip } from "client-zip";

export interface ZipEntry {
  /** Safe to be saved, and another one than each other's. */
  name: string;
  /** Octets. */
  size: number;
  /** Called when its turn comes; what it gives is read to its end, and errors where the file can't be had whole. */
  open: () => ReadableStream<Uint8Array>;
}

/**
 * A ZIP file of them in their order, with names in UTF-8; ZIP64 where it has to be. `made`: what its entries say of when they
 * were made, for the names of dates are not in a letter.
 */
export function zipOf(entries: readonly ZipEntry[], made: Date): ReadableStream<Uint8Array> {
  return makeZip(inTurn(entries, made), { buffersAreUTF8: true });
}

async function* inTurn(entries: readonly ZipEntry[], made: Date) {
  for (const { name, size, open } of entries) yield { name, size, lastModified: made, input: open() };
}
