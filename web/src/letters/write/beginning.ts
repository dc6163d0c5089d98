// How a page of writing begins, from what stands in its fragment.

import type { Outward } from "../../attachments/engine.ts";
import { getLocale } from "../../paraglide/runtime.js";
import { mailbox, problemIn } from "../../worker/index.ts";
import type { Draft, Invitation, Invited, Letter, Problem } from "../../worker/types.ts";
import { answerTo } from "./answer.ts";
import { filesOf, forwardOf } from "./forward.ts";
import { WritingLetter } from "./writing.svelte.ts";

type Vault = Pick<typeof mailbox, "call">;

export type Begun =
  | { state: "writing"; letter: WritingLetter; /** Shown under it. */ answered: Letter | undefined }
  /** It was sent, and waits for the network: not to be written on, and not to be sent again. */
  | { state: "on-its-way" }
  | { state: "missing"; what: "draft" | "letter" }
  | { state: "failed"; problem: Problem };

/** `outward`: by what files are attached, where they can be. */
export function newLetter(vault: Vault, outward?: Outward): Begun {
  return { state: "writing", letter: new WritingLetter(vault, {}, outward), answered: undefined };
}

export async function beginWriting(vault: Vault, fragment: string, outward?: Outward): Promise<Begun> {
  const write = (begun: Partial<Draft>) => new WritingLetter(vault, begun, outward);
  const [how, what] = split(fragment);
  try {
    switch (how) {
      case "new":
        return newLetter(vault, outward);
      case "answer":
      case "answer-all": {
        const answered = await vault.call("read", { id: what });
        const letter = write(answerTo(answered, how === "answer-all"));
        return { state: "writing", letter, answered };
      }
      case "forward": {
        const letter = write(forwardOf(await vault.call("read", { id: what })));
        return { state: "writing", letter, answered: undefined };
      }
      case "again": {
        const letter = write(anew(await vault.call("read", { id: what })));
        return { state: "writing", letter, answered: undefined };
      }
      case "to":
        return { state: "writing", letter: write({ to: [what] }), answered: undefined };
      default:
        return await goOnWith(vault, await vault.call("draft", { id: fragment }), write);
    }
  } catch (failed) {
    const problem = problemIn(failed);
    if (problem.class !== "notfound") return { state: "failed", problem };
    return { state: "missing", what: how === "draft" ? "draft" : "letter" };
  }
}

/** How the letter was sent that is written anew next. It is taken back, so that nothing else remembers that. */
let before: { letter: string; invitation: Invitation } | undefined;

/** A letter by a link is taken back and written anew: the link goes the way it went, and opens by the words that were said. */
export function sendAnewAs(letter: string, invitation: Invitation): void {
  before = { letter, invitation };
  const stop = mailbox.on(({ event }) => {
    if (event !== "locked" && event !== "ended") return;
    before = undefined;
    stop();
  });
}

/** The same letter once more, to the same people. */
function anew(letter: Letter): Pick<Draft, "to" | "each" | "subject" | "text" | "level" | "invite" | "files"> {
  const to = letter.to.filter((reader) => reader.standing !== "own").map((reader) => reader.address);
  const { each, subject, text, level } = letter;
  const was = before?.letter === letter.id ? before.invitation : undefined;
  before = undefined;
  const invite = to.flatMap((address) => (was?.address === address ? [asBefore(was)] : []));
  return { to, each, subject, text, level, invite, files: filesOf(letter) };
}

function asBefore({ address, link, passphrase }: Invitation): Invited {
  return { address, phone: "", language: getLocale(), mailed: link !== "with-sender", passphrase };
}

async function goOnWith(vault: Vault, draft: Draft, write: (begun: Draft) => WritingLetter): Promise<Begun> {
  if (draft.waiting) return { state: "on-its-way" };
  if (draft.damage) return { state: "failed", problem: draft.damage };
  const letter = write(draft);
  // The letter that it answers may be gone by now; the answer can still be written.
  const answered = draft.answers === null ? undefined : await vault.call("read", { id: draft.answers }).catch(() => undefined);
  return { state: "writing", letter, answered };
}

function split(fragment: string): [how: string, what: string] {
  if (fragment === "") return ["new", ""];
  const at = fragment.indexOf("=");
  return at === -1 ? ["draft", fragment] : [fragment.slice(0, at), fragment.slice(at + 1)];
}
