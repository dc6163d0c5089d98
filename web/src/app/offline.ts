// That the page can be shown without a network. Begun once somebody is signed in: strangers load no more than they need.
import { scriptUrl } from "../worker/worker_calls.ts";

export function keepPage(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  // Where a browser keeps nothing the page works as it did; it only needs a network.
  navigator.serviceWorker.register(scriptUrl("/service_worker.js")).catch(() => undefined);
}
