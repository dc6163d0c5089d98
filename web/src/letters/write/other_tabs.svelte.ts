// The same draft in several tabs of this browser: whether another one has it open, and what that made of it.

/** What a tab tells the others. `again` is the undo. */
export type Fate = "sent" | "discarded";
interface Told {
  draft: string;
  became: Fate | "again";
}

const NAME = "securemailbox.drafts";
const channel = new BroadcastChannel(NAME);

export class OtherTabs {
  /** Another tab had the draft open first, and still has. */
  open = $state(false);
  /** What another tab, or device, made of it. */
  fate = $state<Fate | "gone">();

  /** Watches over a draft until the returned function is called. */
  watch(draft: string): () => void {
    const closed = new AbortController();
    const hear = ({ data }: MessageEvent<Told>) => {
      if (data.draft === draft) this.fate = data.became === "again" ? undefined : data.became;
    };
    channel.addEventListener("message", hear, closed);
    this.open = false;
    this.fate = undefined;
    this.tell(draft, "again");
    void this.#holdOrWait(draft, closed.signal);
    return () => closed.abort();
  }

  tell(draft: string | null, became: Told["became"]): void {
    if (draft !== null) channel.postMessage({ draft, became } satisfies Told);
  }

  /** A lock lives as long as its tab: who can't have it at once is the second, until the first is closed. */
  async #holdOrWait(draft: string, closed: AbortSignal): Promise<void> {
    const name = `${NAME} ${draft}`;
    const untilClosed = () => new Promise<void>((resolve) => closed.addEventListener("abort", () => resolve()));
    const had = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
      if (closed.aborted) return true;
      this.open = lock === null;
      if (lock) await untilClosed();
      return lock !== null;
    });
    if (had) return;
    const waited = navigator.locks.request(name, { signal: closed }, () => {
      this.open = false;
      return untilClosed();
    });
    await waited.catch(() => undefined); // closed before it was its turn
  }
}
