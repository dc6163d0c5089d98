// The system's Chromium: `CHROMIUM`, or where it usually lies. Nothing is downloaded.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BrowserContext, type BrowserContextOptions, chromium as browser, type LaunchOptions } from "@playwright/test";

const USUAL_PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];

const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function chromium(): LaunchOptions {
  const found = process.env.CHROMIUM ?? USUAL_PLACES.find((place) => existsSync(place));
  if (found === undefined) throw new Error("no Chromium was found: say where it is by CHROMIUM");
  const isRoot = process.getuid?.() === 0;
  return { executablePath: found, args: isRoot ? [...QUIET, "--no-sandbox"] : QUIET };
}

/** A browser that may keep nothing of any page, as a person sets it under "Third-party cookies and site data". */
export async function withoutSiteData(profile: string, options: BrowserContextOptions): Promise<BrowserContext> {
  const BLOCKED = 2;
  await mkdir(join(profile, "Default"), { recursive: true });
  const preferences = { profile: { default_content_setting_values: { cookies: BLOCKED } } };
  await writeFile(join(profile, "Default/Preferences"), JSON.stringify(preferences));
  return browser.launchPersistentContext(profile, { ...chromium(), ...options });
}
