// The people of a demo. Only a server on this very machine can be one, so no other is asked (and no other answers 404).

export interface DemoPerson {
  name: string;
  address: string;
  phone: string;
  password: string;
}

const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

let asked: Promise<readonly DemoPerson[] | null> | undefined;

/** Who lives in the demo; null where the server is none. Asks once. */
export function demoPeople(): Promise<readonly DemoPerson[] | null> {
  asked ??= LOOPBACK.includes(location.hostname) ? ask() : Promise.resolve(null);
  return asked;
}

async function ask(): Promise<readonly DemoPerson[] | null> {
  try {
    const answer = await fetch("/demo/accounts.json");
    return answer.ok ? await answer.json() : null;
  } catch {
    asked = undefined; // a lost network says nothing of the server
    return null;
  }
}
