// 72 hours in a moment: what waits is due now. The page's clock and the server's go on as they are.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Server } from "./server.ts";

const BECOMES_DUE = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=10)
print(database.execute("UPDATE wait SET due = begun, announce = NULL").rowcount)
database.commit()
`;

/** Everything that waits at this server has waited for long enough. */
export async function timeHasCome(server: Server): Promise<void> {
  await server.stop();
  const file = join(server.folder, "data", "mailbox.sqlite");
  const changed = execFileSync("python3", ["-c", BECOMES_DUE, file], { encoding: "utf8" }).trim();
  if (changed === "0") throw new Error("nothing waits");
  await server.again();
}
