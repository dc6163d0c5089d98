// Whose page it is, asked before the WebAssembly is here: on a slow line that takes seconds. It only looks; the Worker looks again
// before anything is sealed, and whatever is out of order here is its to explain (PROTOCOL §5).
import { organisationIn } from "../guests/glance.ts";
import type { PublicPage } from "../worker/types.ts";

/** `/to/anna` is the page of `anna`. */
export const TO = "/to/";

/** Undefined where anything is not as it should be. */
export async function look(name: string): Promise<PublicPage | undefined> {
  try {
    const answer = await fetch(`/api/v1/pages/${encodeURIComponent(name)}`, { credentials: "omit" });
    if (!answer.ok) return undefined;
    const { title, address, organisation } = (await answer.json()) as Record<string, unknown>;
    if (typeof title !== "string" || typeof address !== "string") return undefined;
    return { title, address, organisation: organisationIn(organisation) };
  } catch {
    return undefined; // no network, or no answer of ours
  }
}
