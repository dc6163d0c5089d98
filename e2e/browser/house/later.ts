// What takes days, in a moment: the server is stopped, its rows say that the time has passed, and it goes on. No clock is changed.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Server } from "./server.ts";

const CHANGE = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=10)
print(database.execute(sys.argv[2]).rowcount)
database.commit()
`;

async function change(server: Server, statement: string): Promise<void> {
  await server.stop();
  const file = join(server.folder, "data", "mailbox.sqlite");
  const changed = execFileSync("python3", ["-c", CHANGE, file, statement], { encoding: "utf8" }).trim();
  if (changed === "0") throw new Error(`there is no such row: ${statement}`);
  await server.again();
}

/** 72 hours: everything that waits at this server has waited for long enough. */
export async function timeHasCome(server: Server): Promise<void> {
  await change(server, "UPDATE wait SET due = begun, announce = NULL");
}

/** Sixty days: every conversation by a link comes to its end. */
export async function conversationsEnd(server: Server): Promise<void> {
  await change(server, "UPDATE invitation SET expires = made");
}

/** What was counted so often in all was counted twenty times, as in the course of some hours. */
export async function countedToTwenty(server: Server, counted: number): Promise<void> {
  await change(server, `UPDATE tally SET done = 20 WHERE done = ${counted}`);
}
