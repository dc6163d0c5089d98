// The command line as a person's second device: a profile of its own, codes from the demo's outbox.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { BINARY, type Person, type Server } from "./server.ts";

let profiles = 0;

/** What the command line says of a letter, as far as these tests ask. */
export interface Row {
  id: string;
  subject: string;
  read: boolean;
  from: string;
}

export interface Registered {
  recovery_code: string;
}

export class Terminal {
  readonly #server: Server;
  readonly #person: Person;
  readonly #profile: string;

  private constructor(server: Server, person: Person) {
    this.#server = server;
    this.#person = person;
    this.#profile = join(server.folder, `profile-${profiles++}`);
  }

  /** Somebody who has a mailbox signs in at a terminal. */
  static async signedIn(server: Server, person: Person): Promise<Terminal> {
    const terminal = new Terminal(server, person);
    await terminal.#run(["login", "--server", server.url, "--email", person.address], [person.phone]);
    return terminal;
  }

  /** Somebody new makes a mailbox. */
  static async registered(server: Server, person: Person): Promise<{ terminal: Terminal; recoveryCode: string }> {
    const terminal = new Terminal(server, person);
    const { address, phone, name } = person;
    const asked = ["register", "--server", server.url, "--email", address, "--phone", phone, "--name", name];
    const { recovery_code } = await terminal.#run<Registered>(asked, [address, phone]);
    return { terminal, recoveryCode: recovery_code };
  }

  list(folder: "inbox" | "sent" | "archive" | "trash" = "inbox"): Promise<Row[]> {
    return this.#run(["list", "--folder", folder]);
  }

  read(id: string): Promise<{ text: string; subject: string; in_reply_to: string | null; key_state: string }> {
    return this.#run(["read", id]);
  }

  /** Writes to somebody who has no mailbox: the link, to be handed over, or none where the server sends it. */
  async invite(to: Person, letter: { subject: string; text: string; mailed?: boolean; files?: string[] }): Promise<string | null> {
    const how = letter.mailed ? [] : ["--print-link"];
    return (await this.#invite(to, letter, [...how, ...attached(letter.files)])).link;
  }

  /** And agrees on words with them. */
  async agree(to: Person, letter: { subject: string; text: string }): Promise<{ link: string; words: string }> {
    const { link, passphrase } = await this.#invite(to, letter, ["--print-link", "--new-passphrase"]);
    if (link === null || passphrase === null) throw new Error("no link and no words were printed");
    return { link, words: passphrase };
  }

  #invite(to: Person, letter: { subject: string; text: string }, how: string[]): Promise<{ link: string | null; passphrase: string | null }> {
    return this.#run(["send", "--to", to.address, "--phone", to.phone, "--subject", letter.subject, "--text", letter.text, ...how]);
  }

  /** Those whom this person wrote to by a link. */
  invitations(): Promise<Record<string, unknown>[]> {
    return this.#run(["invitations"]);
  }

  /** Takes a letter back from its readers. */
  withdraw(id: string): Promise<unknown> {
    return this.#run(["withdraw", id]);
  }

  /** Takes back everything that somebody has who was written to by a link. */
  withdrawAll(from: Person): Promise<unknown> {
    return this.#run(["invitations", "--withdraw", from.address]);
  }

  /** Sends a letter, and returns its id. */
  async send(letter: { to: string[]; subject: string; text: string; answers?: string; level?: string; files?: string[] }): Promise<string> {
    const to = letter.to.flatMap((address) => ["--to", address]);
    const answers = letter.answers === undefined ? [] : ["--reply-to", letter.answers];
    const level = letter.level === undefined ? [] : ["--level", letter.level];
    const file = join(this.#profile, "letter.txt");
    await writeFile(file, letter.text); // an argument has its limits
    const content = ["--subject", letter.subject, "--text-file", file];
    return (await this.#run<{ id: string }>(["send", ...to, ...content, ...answers, ...level, ...attached(letter.files)])).id;
  }

  /** Saves the files of a letter in a folder: their paths, in order. */
  async save(id: string, folder: string): Promise<string[]> {
    const { saved } = await this.#run<{ saved: { path: string }[] }>(["save", id, "--out", folder]);
    return saved.map(({ path }) => path);
  }

  move(id: string, folder: "inbox" | "archive" | "trash"): Promise<unknown> {
    return this.#run(["move", id, folder]);
  }

  markUnread(id: string): Promise<unknown> {
    return this.#run(["unread", id]);
  }

  emptyTrash(): Promise<{ erased: number }> {
    return this.#run(["empty-trash"]);
  }

  compare(address: string): Promise<{ state: string; digits: string }> {
    return this.#run(["compare", address]);
  }

  /** Answers the question on the comparison: the digits match. */
  matches(address: string): Promise<unknown> {
    return this.#run(["compare", address, "--matches"]);
  }

  /** Opens a page by which anybody writes. */
  async openPage(name: string, title: string): Promise<void> {
    await this.#run(["page", "--name", name, "--title", title]);
  }

  async closePage(): Promise<void> {
    await this.#run(["page", "--close"]);
  }

  /** One's own certificate, binary. */
  async certificate(): Promise<Buffer> {
    return unarmored((await this.#run<{ certificate: string }>(["export-key"])).certificate);
  }

  /** The account's private key as it leaves for other programs: the only way to look for it elsewhere. */
  async secretKey(passphrase: string): Promise<string> {
    return (await this.#run<{ secret_key: string }>(["export-key", "--secret"], [], passphrase)).secret_key;
  }

  signOut(): Promise<unknown> {
    return this.#run(["logout"]);
  }

  /** Runs a command that asks for one code from each of `codesFrom`, in that order, or for a passphrase. */
  async #run<T>(asked: string[], codesFrom: string[] = [], passphrase?: string): Promise<T> {
    await mkdir(this.#profile, { recursive: true, mode: 0o700 });
    const before = await Promise.all(codesFrom.map((from) => this.#server.messagesTo(from)));
    const child = spawn(BINARY, [...asked, "--profile", this.#profile, "--json"], {
      env: { ...process.env, LC_ALL: "C", SECUREMAILBOX_PASSWORD: this.#person.password },
    });
    const ended = once(child, "exit") as Promise<[number | null]>;
    const out = text(child.stdout);
    let said = "";
    let codes = 0;
    for await (const question of createInterface(child.stderr)) {
      said += `${question}\n`;
      const from = codesFrom[codes];
      if (/\bcode\b/i.test(question) && from !== undefined) {
        child.stdin.write(`${await this.#server.code(from, before[codes++] ?? 0)}\n`);
      } else if (/passphrase/i.test(question) && passphrase !== undefined) {
        child.stdin.write(`${passphrase}\n`);
      }
    }
    const [code] = await ended;
    if (code !== 0) throw new Error(`${asked[0]} ended with ${code}: ${said}${await out}`);
    return JSON.parse(await out) as T;
  }
}

/** The bytes within ASCII armor (RFC 9580 §6.2); the checksum line, if there is one, begins with `=`. */
function unarmored(armored: string): Buffer {
  const [, body = ""] = /-----BEGIN [^\n]+\n(?:[^\n]+\n)*\n([^]+?)\n(?:=[^\n]+\n)?-----END/.exec(armored) ?? [];
  return Buffer.from(body, "base64");
}

function attached(files: string[] = []): string[] {
  return files.flatMap((file) => ["--attach", file]);
}
