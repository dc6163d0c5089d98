// The pages that anybody may read, which the server has beside this one: Swedish where one types the address, English below `/en`.
import { getLocale } from "../paraglide/runtime.js";

/** The address of one of them for whoever reads this page. `path`: the Swedish one. */
export function sitePage(path: string): string {
  return getLocale() === "en" ? `/en${path === "/" ? "" : path}` : path;
}
