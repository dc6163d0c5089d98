// A registration in this tab: what was typed and how far it came, kept until the mailbox is there. So a reload goes on where it
// was, and so does a phone that dropped the tab while its owner looked for the code. No secret is in it.
import { CallFailed, signIn } from "../worker/index.ts";
import { Remembered } from "../worker/remembered.ts";
import { thisDevice } from "../worker/this_device.ts";
import type { Language, Me, Problem, Registering, Sheet } from "../worker/types.ts";

type Step = Registering["step"] | "name";

interface Kept {
  name: string;
  address: string;
  phone: string;
  begun: Registering | null;
}

const NOTHING: Kept = { name: "", address: "", phone: "", begun: null };

export class Registration {
  readonly #kept = new Remembered(() => sessionStorage, "securemailbox.registration");

  name = $state("");
  address = $state("");
  phone = $state("");
  /** How far it came, once the address was sent a code. */
  begun = $state.raw<Registering | null>(null);
  /** The server has given it up, or its mailbox is there already. */
  over = $state.raw<Problem | null>(null);

  constructor() {
    const { name, address, phone, begun } = { ...NOTHING, ...(JSON.parse(this.#kept.value ?? "{}") as Partial<Kept>) };
    Object.assign(this, { name, address, phone, begun });
  }

  /** What is asked for. No `$derived`: it is read once more when its page has gone. */
  get step(): Step {
    return this.begun?.step ?? "name";
  }

  /** Remembers what stands here now. */
  keep(): void {
    const { name, address, phone, begun } = this;
    this.#kept.value = name || address || phone ? JSON.stringify({ name, address, phone, begun } satisfies Kept) : null;
  }

  /** The mailbox is there. */
  forget(): void {
    Object.assign(this, NOTHING);
  }

  async begin(language: Language): Promise<void> {
    this.over = null;
    const { name, address } = this;
    this.begun = await signIn.call("register", { name, address, language });
    this.address = this.begun.address;
  }

  async enterAddressCode(code: string): Promise<void> {
    this.begun = await this.#goOn((registering) => signIn.call("enter_address_code", { registering, code }));
  }

  async namePhone(): Promise<void> {
    this.begun = await this.#goOn((registering) => signIn.call("name_phone", { registering, phone: this.phone }));
  }

  async enterPhoneCode(code: string): Promise<void> {
    this.begun = await this.#goOn((registering) => signIn.call("enter_phone_code", { registering, code }));
  }

  async sendAgain(): Promise<void> {
    await this.#goOn((registering) => signIn.call("send_registering_code", registering));
  }

  async makeMailbox(password: string): Promise<{ me: Me; said: Sheet }> {
    return await this.#goOn((registering) => signIn.finish("make_mailbox", { registering, password, device: thisDevice() }));
  }

  /** Back to the first step, where the address may be another one. */
  changeAddress(): void {
    this.begun = null;
  }

  changePhone(): void {
    if (this.begun) this.begun = { ...this.begun, step: "phone" };
  }

  async #goOn<T>(act: (registering: Registering) => Promise<T>): Promise<T> {
    if (!this.begun) throw new Error("no registration has begun");
    try {
      return await act(this.begun);
    } catch (error) {
      if (error instanceof CallFailed && error.problem.name === "registration-over") {
        this.over = error.problem;
        this.begun = null;
      }
      throw error;
    }
  }
}
