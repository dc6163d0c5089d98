import type { ToTabs } from "./port.ts";

/** How long a new tab waits for another one to answer. */
const PATIENCE = 150;

/** A tab that was opened by a link knows no session: another tab of the same browser may have one. */
export function sessionOfAnotherTab(tabs: BroadcastChannel): Promise<string | null> {
  return new Promise((resolve) => {
    const done = (session: string | null) => {
      tabs.removeEventListener("message", heard);
      resolve(session);
    };
    const heard = ({ data }: MessageEvent<ToTabs>) => data.tell === "session" && done(data.session);
    tabs.addEventListener("message", heard);
    setTimeout(() => done(null), PATIENCE);
    tabs.postMessage({ tell: "whose_session" } satisfies ToTabs);
  });
}
