// Everything that the demo would have sent, looked at again and again while somebody looks at the page.

export interface DemoMessage {
  channel: "email" | "sms";
  to: string;
  /** Of an e-mail. */
  subject?: string;
  text: string;
  code?: string;
  link?: string;
  /** RFC 3339. */
  at: string;
}

export type OutboxState = "waiting" | "here" | "unreachable" | "no-demo";

const LOOKS_EVERY = 2_000;

export class Outbox {
  readonly #arrived: (message: DemoMessage) => void;

  state = $state<OutboxState>("waiting");
  /** Newest first. */
  messages = $state.raw<readonly DemoMessage[]>([]);

  /** `arrived` hears of the newest message that came while the page was open. */
  constructor(arrived: (message: DemoMessage) => void) {
    this.#arrived = arrived;
  }

  /** Looks until the returned function is called. */
  watch(): () => void {
    const timer = setInterval(() => {
      if (!document.hidden && this.state !== "no-demo") void this.#look();
    }, LOOKS_EVERY);
    void this.#look();
    return () => clearInterval(timer);
  }

  async #look(): Promise<void> {
    try {
      const answer = await fetch("/demo/outbox.json", { cache: "no-store" });
      if (answer.ok) this.#take(await answer.json());
      else this.state = answer.status === 404 ? "no-demo" : "unreachable";
    } catch {
      this.state = "unreachable";
    }
  }

  #take(oldestFirst: DemoMessage[]): void {
    const newest = oldestFirst.at(-1);
    const isNews = this.state === "here" && newest !== undefined && nameOf(newest) !== nameOf(this.messages[0]);
    this.messages = oldestFirst.toReversed();
    this.state = "here";
    if (isNews) this.#arrived(newest);
  }
}

/** Messages have no id; these together are never alike. */
export function nameOf(message: DemoMessage | undefined): string {
  return message ? [message.at, message.to, message.code ?? message.subject].join(" ") : "";
}
