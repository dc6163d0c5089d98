// A little DNS server on loopback: one TXT record for every question, and none until it is published.
import { spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { BINARY, Server } from "./server.ts";

const HEADER = 12;
/** Name by reference to the question, TXT, IN, sixty seconds. */
const RECORD = Buffer.from([0xc0, HEADER, 0, 16, 0, 1, 0, 0, 0, 60]);

export class Zone {
  readonly #socket: Socket;
  /** What stands in the record. */
  text = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (question, from) => socket.send(this.#answer(question), from.port, from.address));
  }

  static async open(): Promise<Zone> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new Zone(socket);
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  close(): void {
    this.#socket.close();
  }

  #answer(question: Buffer): Buffer {
    const end = question.indexOf(0, HEADER) + 5;
    const header = Buffer.from(question.subarray(0, HEADER));
    header.set([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0], 2);
    const text = Buffer.from(this.text);
    const length = Buffer.from([0, text.length + 1, text.length]);
    return Buffer.concat([header, question.subarray(HEADER, end), RECORD, length, text]);
  }
}

export const CLINIC = "Ljunggårdens vårdcentral";

/** A server that shows whoever has an address at `demo.example` under the clinic's name, since DNS has what the operator was told. */
export async function verifying(zone: Zone): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "securemailbox-seal-"));
  const seal = join(folder, "seal");
  await writeFile(seal, `${"5e".repeat(32)}\n`, { mode: 0o600 });
  const organisations = `[{name="${CLINIC}", domains=["demo.example"], in_notices=true}]`;
  const configuration = { SEAL: seal, RESOLVER: `"${zone.address}"`, ORGANISATIONS: organisations };
  const env = Object.entries(configuration).map(([key, value]) => [`SECUREMAILBOX_SERVER_${key}`, value]);
  const check = spawn(BINARY, ["check", "--json", "--data", join(folder, "data")], { env: { ...process.env, ...Object.fromEntries(env) } });
  const { findings } = JSON.parse(await text(check.stdout)) as { findings: { matter: string; words: string }[] };
  const told = findings.find(({ matter }) => matter === "verified sender")?.words ?? "";
  zone.text = /TXT "([^"]+)"/.exec(told)?.[1] ?? "";
  const server = await Server.start(configuration);
  await rm(folder, { recursive: true }); // it has read the seal
  return server;
}
