// One form: what it is missing, whether it works, and why it was refused. What was typed stays with the page.
import { problemIn } from "../worker/index.ts";
import type { Problem, ProblemName } from "../worker/types.ts";
import { sentence } from "./problems.ts";

/** What is wrong with a field. The sentence is a function, since the language may change while it stands there. */
export interface Wrong {
  field: string;
  text: () => string;
}

type Fields = Readonly<Partial<Record<ProblemName, string | Wrong>>>;

export class Form {
  #fields: Fields;
  busy = $state(false);
  wrong = $state.raw<readonly Wrong[]>([]);
  /** A refusal that is about no field. */
  problem = $state.raw<Problem | null>(null);
  /** Counts refusals, so that the same one twice is told twice. */
  refusals = $state(0);

  /** `fields`: the problems that are about a field, and that field's id; with a sentence of its own if it has one here. */
  constructor(fields: Fields = {}) {
    this.#fields = fields;
  }

  error(field: string): string | undefined {
    return this.wrong.find((wrong) => wrong.field === field)?.text();
  }

  /**
   * Does what the form is for, unless something is missing. Whether it was done.
   *
   * A second press while it works does nothing.
   */
  async submit(missing: readonly (Wrong | false)[], act: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.clear();
    const wrong = missing.filter((one) => one !== false);
    if (wrong.length > 0) {
      this.refuse(wrong);
      return false;
    }
    this.busy = true;
    try {
      await act();
      return true;
    } catch (error) {
      this.#refused(problemIn(error));
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** Somebody types in a field: what was wrong with it is said no longer. For the `input` event of a form. */
  corrected = ({ target }: Event): void => {
    if (target instanceof Element) this.wrong = this.wrong.filter(({ field }) => field !== target.id);
    this.problem = null;
  };

  refuse(wrong: readonly Wrong[]): void {
    this.wrong = wrong;
    this.refusals += 1;
  }

  clear(): void {
    this.wrong = [];
    this.problem = null;
  }

  #refused(problem: Problem): void {
    const field = this.#fields[problem.name];
    if (field === undefined) this.problem = problem;
    else this.wrong = [typeof field === "string" ? { field, text: () => sentence(problem) } : field];
    this.refusals += 1;
  }
}
