// A Chromium that is left alone while something in it is measured. A Playwright that is connected is sent the whole body of every
// request: for a large file that is many times the work of the page itself. Linux.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as after } from "node:timers/promises";
import { type Browser, chromium, type JSHandle, type Page } from "@playwright/test";
import { chromium as found } from "./chromium.ts";
import { BINARY } from "./server.ts";
import { descendants } from "./slowed.ts";

const READY = "DevTools listening on ws://";
const BETWEEN_LOOKS = 500;
const TAB = "tab";

export interface Alone {
  millis: number;
  /** The most memory that the tab had meanwhile, in MB. */
  tab: number;
  /** The same of whichever had most beside it: the browser, its service worker, the server. */
  other: { name: string; most: number };
}

export class Undriven {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #host: string;
  #browser: Browser;

  private constructor(child: ChildProcess, profile: string, host: string, browser: Browser) {
    this.#child = child;
    this.#profile = profile;
    this.#host = host;
    this.#browser = browser;
  }

  static async start(locale: string): Promise<Undriven> {
    const { executablePath, args = [] } = found();
    // Its own disk, too: what a context of Playwright's keeps, it keeps in memory.
    const profile = await mkdtemp(join(tmpdir(), "securemailbox-chromium-"));
    const own = ["--headless", "--remote-debugging-port=0", `--user-data-dir=${profile}`, `--accept-lang=${locale}`, "--window-size=1280,800"];
    const child = spawn(executablePath ?? "", [...args, ...own, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
    for await (const line of createInterface(child.stderr)) {
      if (!line.startsWith(READY)) continue;
      child.stderr.resume();
      const host = new URL(line.slice(READY.length - "ws://".length)).host;
      return new Undriven(child, profile, host, await connected(host));
    }
    throw new Error("Chromium did not start");
  }

  /** Its only page; another object after each time that it was left alone. */
  get page(): Page {
    const page = this.#browser.contexts()[0]?.pages()[0];
    if (!page) throw new Error("Chromium has no page");
    return page;
  }

  /** Lets the page do this with nobody connected. The page says by its title when it's over: that is told without connecting. */
  async alone(act: JSHandle<() => Promise<unknown>>): Promise<Alone> {
    await act.evaluate((act) => {
      const run = async () => {
        const begun = performance.now();
        const outcome = await act().then(() => "over", (error: unknown) => `failed, ${String(error)}`);
        const title = `${String(performance.now() - begun)} ${outcome}`;
        // The page gives itself another one now and then.
        const saying = setInterval(() => (document.title = title), 100);
        Object.assign(window, { stopSaying: () => clearInterval(saying) });
      };
      document.title = ""; // what was said the time before
      setTimeout(() => void run(), 2_000);
    });
    await this.#browser.close();
    const memory = this.#watched();
    let said: RegExpExecArray | null = null;
    while (!said) {
      await after(BETWEEN_LOOKS);
      memory.look();
      const targets = (await (await fetch(`http://${this.#host}/json/list`)).json()) as { type: string; title: string }[];
      said = /^([\d.]+) (over|failed, .*)$/.exec(targets.find(({ type }) => type === "page")?.title ?? "");
    }
    this.#browser = await connected(this.#host);
    await this.page.evaluate(() => (window as unknown as { stopSaying: () => void }).stopSaying());
    if (said[2] !== "over") throw new Error(said[2]);
    return { millis: Number(said[1]), ...memory.most() };
  }

  async end(): Promise<void> {
    await this.#browser.close();
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
    await rm(this.#profile, { recursive: true, maxRetries: 5, retryDelay: BETWEEN_LOOKS });
  }

  #watched(): { look: () => void; most: () => Omit<Alone, "millis"> } {
    const most = new Map<string, number>();
    for (const pid of this.#processes()) forgetMost(pid);
    const look = () => {
      for (const pid of this.#processes()) {
        const name = nameOf(pid);
        most.set(name, Math.max(most.get(name) ?? 0, mostOf(pid)));
      }
    };
    const told = () => {
      const { [TAB]: tab = 0, ...others } = Object.fromEntries(most);
      const [name = "", largest = 0] = Object.entries(others).toSorted(([, a], [, b]) => b - a)[0] ?? [];
      return { tab, other: { name, most: largest } };
    };
    return { look, most: told };
  }

  /** Its own, and the server's. */
  #processes(): number[] {
    const started = descendants(process.pid).slice(1);
    return [...descendants(this.#child.pid ?? 0), ...started.filter((pid) => textOf(pid, "cmdline").startsWith(BINARY))];
  }
}

/** `isLocal`: a file is given to it by its path. */
function connected(host: string): Promise<Browser> {
  return chromium.connectOverCDP(`http://${host}`, { isLocal: true });
}

/** Resident memory at its highest, in MB. Chromium sets that back now and then, so it is asked often. */
function mostOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(textOf(pid, "status"))?.[1] ?? 0) / 1024;
}

function forgetMost(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // It ended meanwhile, or is in a sandbox: then what was before counts, too.
  }
}

/** A tab and a service worker are both renderers; they differ by their threads. */
function nameOf(pid: number): string {
  // Chromium's children write their options anew, with blanks between them.
  const [program = "", ...options] = textOf(pid, "cmdline").split(/[\0 ]/);
  const option = (name: string) => options.find((one) => one.startsWith(`--${name}=`))?.split("=")[1];
  if (option("type") !== "renderer") return option("utility-sub-type") ?? option("type") ?? basename(program);
  const threads = threadsOf(pid);
  if (threads.some((name) => name.startsWith("DedicatedWorker"))) return TAB;
  return threads.some((name) => name.startsWith("ServiceWorker")) ? "service worker" : "another renderer";
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => textOf(pid, `task/${thread}/comm`).trim());
  } catch {
    return []; // it ended meanwhile
  }
}

function textOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
