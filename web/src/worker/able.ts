// What this browser must be able to do before anybody types a password here.

/** What it lacks. */
export type Lack = "webassembly" | "memory" | "cookies";

/** A page of WebAssembly's memory, and as many as key stretching and the vault need at once (64 MiB and some). */
const PAGE = 64 * 1024;
const NEEDED = (80 * 1024 * 1024) / PAGE;

function lookAround(): Lack | null {
  // Lockdown Mode of Apple's devices takes it away.
  if (typeof WebAssembly === "undefined") return "webassembly";
  try {
    new WebAssembly.Memory({ initial: NEEDED });
  } catch {
    return "memory";
  }
  return navigator.cookieEnabled ? null : "cookies";
}

/** What this browser lacks, if it lacks something. Does not change while a page is open. */
export const lack: Lack | null = lookAround();
