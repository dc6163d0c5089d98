// Pictures of the pages: into `docs/screens` when they are asked for, else beside the other results.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page, TestInfo } from "@playwright/test";
import type { Look } from "./looks.ts";

/** What is seen most is kept in both themes; of the rest the light one suffices, and of the English page a handful. */
const IN_BOTH_THEMES = ["inbox", "message", "compose-keys", "compare", "sent", "signin", "locked"];
const IN_ENGLISH = ["inbox", "message", "compose-keys", "signin-error"];
const DOCUMENTATION = join(import.meta.dirname, "../../../docs/screens");

/** Named as `inbox-1280-light`, with the language where it isn't Swedish. */
export async function picture(page: Page, name: string, { theme, language }: Look, info: TestInfo): Promise<void> {
  if (theme === "dark" && (language !== "sv" || !IN_BOTH_THEMES.includes(name))) return;
  if (language !== "sv" && !IN_ENGLISH.includes(name)) return;
  const width = page.viewportSize()?.width;
  await page.mouse.move(0, 0);
  await page.evaluate(() => scrollTo(0, 0));
  const file = `${name}-${width}-${theme}${language === "sv" ? "" : `-${language}`}.png`;
  const folder = process.env.UPDATE_SCREENS ? DOCUMENTATION : info.outputDir;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, file), scale: "css", animations: "disabled" });
}
