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
  code: string | null;
}

export class Server {
  readonly url: string;
  readonly folder: string;
  readonly #child: ChildProcess;

  private constructor(url: string, folder: string, child: ChildProcess) {
    this.url = url;
    this.folder = folder;
    this.#child = child;
  }

  static async start(): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), "securemailbox-browser-"));
    const child = spawn(BINARY, ["serve", "--demo", "--listen", "127.0.0.1:0", "--data", join(folder, "data")], {
      stdio: ["ignore", "pipe", "pipe"],
      // All tests come from one network, and enter more often than a house full of people would.
      env: {
        ...process.env,
        SECUREMAILBOX_SERVER_LIMITS__REQUESTS_A_SECOND: "2000",
        SECUREMAILBOX_SERVER_LIMITS__ENTRANCES_A_MINUTE: "2000",
      },
    });
    child.stderr.pipe(createWriteStream(join(folder, "log")));
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith(READY)) {
        child.stdout.resume();
        return new Server(line.slice(READY.length), folder, child);
      }
    }
    throw new Error(`the server did not start; its log lies in ${folder}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill();
      await once(this.#child, "exit");
    }
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

  /** The newest code sent to somebody, once there are more than `before` messages to them. */
  async code(to: string, before: number): Promise<string> {
    for (let look = 0; look < LOOKS; look++) {
      const messages = await this.#outbox(to);
      const newest = messages.at(-1)?.code;
      if (messages.length > before && newest) return newest;
      await after(BETWEEN_LOOKS);
    }
    throw new Error(`no code came to ${to}`);
  }

  async #outbox(to: string): Promise<Message[]> {
    const all = (await (await fetch(`${this.url}/demo/outbox.json`)).json()) as Message[];
    return all.filter((message) => message.to === to);
  }
}
