// A real server in a process of its own, with the demo's people in it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as after } from "node:timers/promises";

/** The line that the server prints when it answers. */
const READY = "SecureMailbox listens on ";
const LOOKS = 500;
const BETWEEN_LOOKS = 20;

/** The command under test. */
export const BINARY = process.env.SECUREMAILBOX_BIN ?? join(import.meta.dirname, "../../../target/debug/securemailbox");

export interface Person {
  name: string;
  address: string;
  /** E.164. */
  phone: string;
  password: string;
}

interface Message {
  to: string;
  text: string;
  code: string | null;
}

export class Server {
  readonly folder: string;
  readonly #configuration: Readonly<Record<string, string>>;
  #url = "http://localhost:0";
  #child: ChildProcess | undefined;

  private constructor(folder: string, configuration: Readonly<Record<string, string>> = {}) {
    this.folder = folder;
    this.#configuration = configuration;
  }

  /** `configuration`: keys over the default, such as `REGISTRATION`. */
  static async start(configuration: Readonly<Record<string, string>> = {}): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "securemailbox-browser-")), configuration);
    await server.again();
    return server;
  }

  /** One that runs already, and goes on when these tests have ended. */
  static async at(url: string): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "securemailbox-browser-")));
    server.#url = url;
    return server;
  }

  get url(): string {
    return this.#url;
  }

  /** Starts, at the address where it stood before. */
  async again(): Promise<void> {
    const listen = `127.0.0.1:${new URL(this.#url).port}`;
    const configuration = Object.entries(this.#configuration).map(([key, value]) => [`SECUREMAILBOX_SERVER_${key}`, value]);
    const child = spawn(BINARY, ["serve", "--demo", "--without-letters", "--listen", listen, "--data", join(this.folder, "data")], {
      env: { ...process.env, ...Object.fromEntries(configuration) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stderr.pipe(createWriteStream(join(this.folder, "log"), { flags: "a" }));
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith(READY)) {
        this.#url = line.slice(READY.length);
        child.stdout.resume();
        return;
      }
    }
    throw new Error(`the server did not start; its log lies in ${this.folder}`);
  }

  async stop(): Promise<void> {
    if (!this.#child || this.#child.exitCode !== null) return;
    this.#child.kill();
    await once(this.#child, "exit");
  }

  /** Stops for good, and leaves nothing. */
  async end(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true });
  }

  async people(): Promise<Person[]> {
    return (await (await fetch(`${this.url}/demo/accounts.json`)).json()) as Person[];
  }

  /** The demo's person whose address begins so. */
  async person(named: string): Promise<Person> {
    const found = (await this.people()).find(({ address }) => address.startsWith(`${named}@`));
    if (!found) throw new Error(`nobody in the demo is called ${named}`);
    return found;
  }

  /** How many messages went to somebody: what a code is waited for with. */
  async messagesTo(to: string): Promise<number> {
    return (await this.#outbox(to)).length;
  }

  /** The newest code sent to somebody after the first `before` messages to them. Other news may come between. */
  async code(to: string, before: number): Promise<string> {
    for (let look = 0; look < LOOKS; look++) {
      const newest = (await this.#outbox(to)).slice(before).findLast(({ code }) => code !== null)?.code;
      if (newest) return newest;
      await after(BETWEEN_LOOKS);
    }
    throw new Error(`no code came to ${to}`);
  }

  /** The text of the newest message to somebody. */
  async newestTo(to: string): Promise<string> {
    return (await this.#outbox(to)).at(-1)?.text ?? "";
  }

  async #outbox(to: string): Promise<Message[]> {
    const all = (await (await fetch(`${this.url}/demo/outbox.json`)).json()) as Message[];
    return all.filter((message) => message.to === to);
  }
}
