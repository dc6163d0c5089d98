// A Chromium that is left alone while something in it is measured. As long as Playwright is connected it is sent every request
// with its whole body, and the tab keeps each of them for it: for a large file that is more work and more memory than the page's.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as after } from "node:timers/promises";
import { type Browser, chromium, type JSHandle, type Page } from "@playwright/test";
import { chromium as found } from "./chromium.ts";
import { commandOf, descendants } from "./slowed.ts";

const READY = "DevTools listening on ws://";
const BETWEEN_LOOKS = 500;

export interface Alone {
  millis: number;
  /** The most memory that the tab had in its life, in MB. */
  tab: number;
  /** The same of whichever has most of what else was started here: the browser, its network, the server. */
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
      setTimeout(() => void run(), 2_000);
    });
    await this.#browser.close();
    let said: RegExpExecArray | null = null;
    while (!said) {
      await after(BETWEEN_LOOKS);
      const targets = (await (await fetch(`http://${this.#host}/json/list`)).json()) as { type: string; title: string }[];
      said = /^([\d.]+) (over|failed, .*)$/.exec(targets.find(({ type }) => type === "page")?.title ?? "");
    }
    const memory = this.#memory();
    this.#browser = await connected(this.#host);
    await this.page.evaluate(() => (window as unknown as { stopSaying: () => void }).stopSaying());
    if (said[2] !== "over") throw new Error(said[2]);
    return { millis: Number(said[1]), ...memory };
  }

  async end(): Promise<void> {
    await this.#browser.close();
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
    await rm(this.#profile, { recursive: true, maxRetries: 5, retryDelay: BETWEEN_LOOKS });
  }

  #memory(): Omit<Alone, "millis"> {
    const own = new Set(descendants(this.#child.pid ?? 0));
    let tab = 0;
    let other = { name: "", most: 0 };
    for (const pid of descendants(process.pid).slice(1)) {
      const [command, most] = [commandOf(pid), mostOf(pid)];
      if (!command.includes("--type=renderer")) other = most > other.most ? { name: nameIn(command), most } : other;
      else if (own.has(pid)) tab = Math.max(tab, most);
    }
    return { tab, other };
  }
}

/** `isLocal`: a file is given to it by its path. */
function connected(host: string): Promise<Browser> {
  return chromium.connectOverCDP(`http://${host}`, { isLocal: true });
}

/** Resident memory at its highest, in MB, what it shares with others counted in full. */
function mostOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
}

function nameIn(command: string): string {
  return /--utility-sub-type=(\S+)/.exec(command)?.[1] ?? /--type=(\S+)/.exec(command)?.[1] ?? /[^/ ]+(?= |$)/.exec(command)?.[0] ?? "";
}
