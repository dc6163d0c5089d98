// The page in Debian's Firefox, by hand: `npm run firefox`. Signing in, writing, answering to one and to all, and reading, each
// seen by the other side and by another device. What the driver can't do there yet (house/firefox_esr.js) no test here needs:
// a stored sign-in, a network that is off, a request of a Worker that is held back.
import { join } from "node:path";
import { defineConfig } from "@playwright/test";
import type { House } from "./house/test.ts";

const FIREFOX = {
  browserName: "firefox",
  channel: "moz-firefox",
  launchOptions: {
    executablePath: join(import.meta.dirname, "house/firefox_esr.js"),
    firefoxUserPrefs: { "intl.accept_languages": "sv-SE,sv" },
  },
  language: "sv",
} as const;

export default defineConfig<House>({
  testDir: "tests",
  testMatch: "letters.spec.ts",
  grep: /share one conversation|see what the same person does|tells how many have read it|is answered to all/,
  outputDir: "test-results/firefox",
  workers: 1,
  reporter: [["list"]],
  timeout: 90_000,
  expect: { timeout: 15_000 },
  projects: [
    { name: "phone", use: { ...FIREFOX, viewport: { width: 390, height: 844 } } },
    { name: "desktop", use: { ...FIREFOX, viewport: { width: 1280, height: 800 } } },
  ],
});
