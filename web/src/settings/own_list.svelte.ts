// A list of what is one's own, by the server's word: fetched, and again after each act that changes it.
import { problemIn } from "../worker/index.ts";
import type { Problem } from "../worker/types.ts";

export class OwnList<Row> {
  /** None before they came. */
  all = $state.raw<readonly Row[] | null>(null);
  /** Why they did not come, or the last act was not done. */
  problem = $state.raw<Problem | null>(null);

  /** Takes the list that `ask` answers with. Whether it came. */
  protected async take(ask: () => Promise<readonly Row[]>): Promise<boolean> {
    this.problem = null;
    try {
      this.all = await ask();
      return true;
    } catch (error) {
      this.problem = problemIn(error);
      return false;
    }
  }
}
