// The steps of an erasure in words, exactly as the server reports them (PROTOCOL §8): a step that this store can't take is
// shown as not taken.

import { m } from "../paraglide/messages.js";
import type { ErasureReceipt, ErasureStep, ErasureStepKind } from "../worker/types.ts";

export interface StepInWords {
  step: ErasureStepKind;
  /** `needless`: this store has no use for it. */
  state: "taken" | "not-taken" | "needless";
  /** The same, in a word. */
  said: string;
  text: string;
  /** Of what the step is about, where a number says something. */
  count: string | undefined;
}

const WORDS: Record<ErasureStepKind, (taken: boolean, count: number) => string> = {
  "keys-destroyed": (taken) => (taken ? m["receipt.keys_destroyed"]() : m["receipt.keys_not"]()),
  "letters-overwritten": (taken, count) => {
    if (!taken) return m["receipt.letters_not"]();
    return count > 0 ? m["receipt.letters_overwritten"]() : m["receipt.letters_none"]();
  },
  "files-overwritten": (taken) => (taken ? m["receipt.files_overwritten"]() : m["receipt.files_not"]()),
  "files-deleted": (taken) => (taken ? m["receipt.files_deleted"]() : m["receipt.files_not"]()),
  "log-overwritten": (taken) => (taken ? m["receipt.log_overwritten"]() : m["receipt.log_not"]()),
  vacuumed: (taken) => (taken ? m["receipt.vacuumed"]() : m["receipt.vacuum_not"]()),
};

export function inWords({ step, taken, count }: ErasureStep): StepInWords {
  const counted = {
    "keys-destroyed": () => m["receipt.keys"]({ count }),
    "letters-overwritten": () => (count > 0 ? m["receipt.letters"]({ count }) : undefined),
    "files-overwritten": () => m["receipt.files"]({ count }),
    "files-deleted": () => m["receipt.files"]({ count }),
    "log-overwritten": () => undefined,
    vacuumed: () => undefined,
  };
  const needless = !taken && step === "vacuumed";
  return {
    step,
    state: taken ? "taken" : needless ? "needless" : "not-taken",
    said: taken ? m["receipt.step_taken"]() : needless ? m["receipt.step_needless"]() : m["receipt.step_not"](),
    text: WORDS[step](taken, count),
    count: taken ? counted[step]() : undefined,
  };
}

/** In the words of NIST SP 800-88: overwriting is Clear. Cryptographic Erase would take the reader's own key too. */
export function methodOf({ steps }: ErasureReceipt): string {
  const overwritten = ["letters-overwritten", "log-overwritten"].every((kind) =>
    steps.some(({ step, taken }) => step === kind && taken),
  );
  return overwritten ? m["receipt.method_text"]() : m["receipt.method_crypto"]();
}

export function receiptAsText(receipt: ErasureReceipt, iso: string): string {
  const steps = receipt.steps.map(inWords).map(({ said, text, count }) => {
    return count ? `${said} ${text} (${count})` : `${said} ${text}`;
  });
  return [
    m["receipt.title"]({ count: receipt.erased }),
    "",
    ...steps,
    "",
    `${m["receipt.time"]()}: ${iso}`,
    `${m["receipt.method"]()}: ${methodOf(receipt)}`,
    `${m["receipt.source"]()}: ${m["receipt.server"]({ host: location.host })}`,
    "",
    m["receipt.cannot"](),
    `- ${m["receipt.others"]()}`,
    `- ${m["receipt.backups"]()}`,
    "",
  ].join("\n");
}
