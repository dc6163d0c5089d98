// Where the person is. Links are ordinary links; the router takes the click, so that the Workers live on.
import { createContext } from "svelte";
import { isPage, routeOf, SHORT, type Route } from "./routes.ts";

/** Says where else to go, or nothing when the person may be there. */
export type Guard = (route: Route) => string | null;

export class Router {
  #url = $state.raw(new URL(location.href));
  #guard: Guard;

  path = $derived(this.#url.pathname.replace(/(?<=.)\/+$/, ""));
  /** What stands after `#`, decoded: a letter's id, an address. */
  fragment = $derived(decoded(this.#url.hash.slice(1)));
  route = $derived(routeOf(this.path));
  /** Grows with every change of page, so that the focus can follow it; 0 on the page where one began. */
  visits = $state(0);

  constructor(guard: Guard) {
    this.#guard = guard;
    this.settle();
    this.visits = 0;
    addEventListener("popstate", () => this.#arrive());
    addEventListener("click", (event) => this.#follow(event));
  }

  go(href: string, { replace = false } = {}): void {
    const url = new URL(href, location.origin);
    if (replace || url.href === location.href) history.replaceState(null, "", url);
    else history.pushState(null, "", url);
    this.#arrive();
  }

  /** Asks the guard again: who the person is has changed. */
  settle(): void {
    const to = SHORT[this.path] ?? this.#guard(this.route);
    if (to !== null) this.go(to, { replace: true });
  }

  /** The same address shows something else: locked, or opened again. */
  turnedOver(): void {
    this.visits += 1;
    this.settle();
  }

  #arrive(): void {
    const before = this.path;
    this.#url = new URL(location.href);
    if (this.path !== before) {
      this.visits += 1;
      scrollTo(0, 0);
    }
    this.settle();
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!isPage(link.pathname)) return;
    event.preventDefault();
    this.go(link.href);
  }
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment; // somebody typed a lone `%`
  }
}

export const [getRouter, setRouter] = createContext<Router>();
