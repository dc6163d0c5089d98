// A whole browser on a slower processor: its processes run for a part of the time only. What a debugger can slow is the
// page's own thread, and here the work is done in Workers. Linux.
import { readdirSync, readFileSync } from "node:fs";

const CYCLE = 20;

/** Slows until the returned function is called. */
export function slowed(root: number, times: number): () => void {
  const runs = CYCLE / times;
  let going = true;
  const signal = (name: "SIGSTOP" | "SIGCONT") => {
    for (const pid of descendants(root)) {
      try {
        process.kill(pid, name);
      } catch {
        // It ended meanwhile.
      }
    }
  };
  const run = () => {
    signal("SIGCONT");
    if (going) setTimeout(stop, runs);
  };
  const stop = () => {
    if (going) signal("SIGSTOP");
    setTimeout(run, CYCLE - runs);
  };
  stop();
  return () => void (going = false);
}

/** A process and everything it started. */
export function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (let at = 0; at < found.length; at++) found.push(...(children.get(found[at] ?? 0) ?? []));
  return found;
}

/** Memory that is a process's own, with its part of what it shares, in MB (PSS). */
export function memoryOf(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024;
}

export function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) \S /, "").split(" ", 1)[0]);
  } catch {
    return undefined; // it ended meanwhile
  }
}
