// Who wrote, asked before the WebAssembly is here: on a slow line that takes seconds, which whoever opens a link would wait. It only
// looks. The Worker asks again before a code is sent, and whatever is out of order here is its to explain (PROTOCOL §5, §9a).

import { decode, encode } from "../parts/base64url.ts";
import type { GuestLink, Organisation } from "../worker/types.ts";

const WHOLE = /^[\w-]{48}$/;
/** Of the 36 bytes of a link; the other four check it. */
const SECRET = 32;
const INFO = "securemailbox/1 link token";

/** The token that a link shows the server, base64url: HKDF-SHA-256 of its secret. Undefined where the link is not whole. */
export async function tokenOf(link: string): Promise<string | undefined> {
  if (!WHOLE.test(link)) return undefined;
  const secret = decode(link).subarray(0, SECRET);
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const derived = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new TextEncoder().encode(INFO) };
  return encode(await crypto.subtle.deriveBits(derived, key, 256));
}

/** Undefined where anything is not as it should be. */
export async function glance(link: string): Promise<GuestLink | undefined> {
  try {
    const token = await tokenOf(link);
    if (token === undefined) return undefined;
    const answer = await fetch("/api/v1/sign-ins/link", {
      method: "POST",
      credentials: "omit",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    return answer.ok ? understood(await answer.json()) : undefined;
  } catch {
    return undefined; // no network, or no answer of ours
  }
}

function understood(answer: unknown): GuestLink | undefined {
  const { from, organisation, address, expires, offers } = answer as Record<string, unknown>;
  const hint: unknown = Array.isArray(offers) ? (offers[0] as Record<string, unknown> | undefined)?.hint : undefined;
  const said = [from, address, expires, hint];
  if (!said.every((one) => typeof one === "string")) return undefined;
  return { from, organisation: organisationIn(organisation), address, expires, hint } as GuestLink;
}

/** The organisation that an answer of the server names. */
export function organisationIn(answer: unknown): Organisation | null {
  const { name, domain } = (answer ?? {}) as Record<string, unknown>;
  return typeof name === "string" && typeof domain === "string" ? { name, domain } : null;
}
