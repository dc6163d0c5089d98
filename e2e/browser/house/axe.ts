// axe-core over what stands on the page, at the strictest of its rules.
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import type axe from "axe-core";

const SOURCE = readFileSync(new URL(import.meta.resolve("axe-core")), "utf8");

const CONFORMANCE = ["2a", "2aa", "2aaa", "21a", "21aa", "21aaa", "22a", "22aa", "22aaa"].map((level) => `wcag${level}`);

/** Rules that axe leaves off unless they are asked for. */
const ASKED_FOR = ["color-contrast-enhanced", "target-size", "identical-links-same-purpose", "label-content-name-mismatch"];

/** One line for each thing that does not hold: the rule, where, and why. */
export async function violations(page: Page): Promise<string[]> {
  // By the debugger, so that the page's own policy can stay as strict as it is.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(SOURCE);
  return page.evaluate(
    async ({ tags, asked }) => {
      const { axe } = window as unknown as { axe: typeof import("axe-core") };
      const found = await axe.run(document, {
        runOnly: [...tags, "best-practice"],
        rules: Object.fromEntries(asked.map((rule) => [rule, { enabled: true }])),
        resultTypes: ["violations"],
        preload: false,
      });
      return found.violations.flatMap(({ id, nodes }: axe.Result) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary ?? ""}`),
      );
    },
    { tags: CONFORMANCE, asked: ASKED_FOR },
  );
}
