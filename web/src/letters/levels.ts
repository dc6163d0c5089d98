// How a letter's readers are to be identified, in words (PROTOCOL §6).
import { m } from "../paraglide/messages.js";
import type { Level } from "../worker/types.ts";

/** Those that a letter may ask for. */
export const ASKED_FOR: readonly Level[] = ["phone", "authenticator", "passkey"];

/** What a letter asks of whoever reads it. Whoever is signed in has proved an address. */
export function asksFor(level: Level): string {
  switch (level) {
    case "address":
    case "phone":
      return m["asks_for.phone"]();
    case "authenticator":
      return m["asks_for.authenticator"]();
    case "passkey":
      return m["asks_for.passkey"]();
    case "eid":
      return m["asks_for.eid"]();
  }
}

/** What is missing, and where it is added. */
export function toSetUp(level: Level): { text: string; link: string; href: string } {
  return level === "passkey"
    ? { text: m["damage.no_passkey"](), link: m["damage.add_passkey"](), href: "/settings/passkeys" }
    : { text: m["damage.no_factor"](), link: m["damage.add_factor"](), href: "/settings/identity" };
}
