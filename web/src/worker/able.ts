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
  return keepsCookies() ? null : "cookies";
}

/** Tried, since a browser that is told to keep nothing may still say that it has cookies. */
function keepsCookies(): boolean {
  const tried = "securemailbox.tried=1";
  document.cookie = `${tried}; SameSite=Strict`;
  const kept = document.cookie.includes(tried);
  document.cookie = `${tried}; SameSite=Strict; Max-Age=0`;
  return kept;
}

/** What this browser lacks, if it lacks something. Does not change while a page is open. */
export const lack: Lack | null = lookAround();
