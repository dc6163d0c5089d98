import { defineConfig } from "@playwright/test";
import { chromium } from "./house/chromium.ts";
import type { House } from "./house/test.ts";

const CI = process.env.CI !== undefined;

/** Flows whose pages look alike in both sizes: each is walked in the size, the language and the colours of whoever walks it most. What
 * every page looks like is held in all of them (`every_page`, `layout`). `EVERY_SIZE=1` walks them in both. */
const IN_ONE_SIZE = {
  desktop:
    "conversations demo devices hostile keeping keyboard leaving morning offline outside refused requests secrets strange_letters",
  phone: "contacts guides identity levels links passkeys posts renewal settings site ways_back",
};

/** What a size leaves to the other one. */
function leftTo(size: keyof typeof IN_ONE_SIZE): string[] {
  return process.env.EVERY_SIZE === undefined ? IN_ONE_SIZE[size].split(" ").map((flow) => `**/${flow}.spec.ts`) : [];
}

export default defineConfig<House>({
  testDir: "tests",
  outputDir: "test-results",
  preserveOutput: "failures-only", // files of a hundred megabytes
  workers: 2,
  fullyParallel: false,
  forbidOnly: CI,
  retries: 0, // a test that fails sometimes is a fault of the page or of the test; `cargo xtask test` names it
  reporter: [["list"]],
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    browserName: "chromium",
    launchOptions: chromium(),
    serviceWorkers: "block", // what a test puts in the way of a request must be met by it; `offline` has them
    screenshot: "only-on-failure",
  },
  projects: [
    { name: "units", testDir: "units" }, // modules of the page that need no browser
    {
      name: "phone",
      testIgnore: leftTo("desktop"),
      use: { viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: "light", language: "sv" },
    },
    {
      name: "desktop",
      testIgnore: leftTo("phone"),
      use: { viewport: { width: 1280, height: 800 }, colorScheme: "dark", language: "en" },
    },
  ],
});
