// That the page can be shown without a network. Begun once somebody is signed in: strangers load no more than they need.
import { scriptUrl } from "../worker/worker_calls.ts";
import { ROUTES } from "./routes.ts";

/** What the service worker hears of: pages of the mailbox, and scripts of Workers, whose requests are those of their script's address. Not
 * the files Worker's: of each request that a service worker hears of the browser keeps the body, gigabytes of a file, until it ends. */
const SCOPES = new Set(["/assets/", "/sign-in", ...ROUTES.filter(({ access }) => access === "mailbox").map(({ path }) => `/${path.split("/")[1] ?? ""}`)]);

export function keepPage(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  // Where a browser keeps nothing the page works as it did; it only needs a network.
  void keep(navigator.serviceWorker).catch(() => undefined);
}

async function keep(workers: ServiceWorkerContainer): Promise<void> {
  const script = scriptUrl("/service_worker.js");
  await Promise.all([...SCOPES].map((scope) => workers.register(script, { scope })));
  // The one of earlier versions heard of everything.
  const former = (await workers.getRegistrations()).filter(({ scope }) => new URL(scope).pathname === "/");
  await Promise.all(former.map((registration) => registration.unregister()));
}
