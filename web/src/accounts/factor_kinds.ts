// What differs from one kind of factor to another where its code is entered.
import { m } from "../paraglide/messages.js";
import type { FactorKind } from "../worker/types.ts";

/** Whether its code comes in a message, which can be sent again. */
export function isSent(kind: FactorKind): boolean {
  return kind === "address" || kind === "phone" || kind === "reserve-phone";
}

/** What the field of its code is called, and what stands below it. */
export function fieldOf(kind: FactorKind): { label: string; hint: string } {
  switch (kind) {
    case "one-time-codes":
      return { label: m["code.paper_label"](), hint: m["code.paper_hint"]() };
    case "authenticator":
    case "passkey":
      return { label: m["code.app_label"](), hint: m["code.app_hint"]() };
    case "address":
    case "phone":
    case "reserve-phone":
      return { label: m["code.label"](), hint: m["code.hint"]() };
  }
}

/** Whether it is kept for the day on which another one is lost. */
export function isReserve({ kind }: { kind: FactorKind }): boolean {
  return kind === "reserve-phone" || kind === "one-time-codes";
}
