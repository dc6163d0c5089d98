import { defineConfig } from "@playwright/test";
import { chromium } from "./house/chromium.ts";
import type { House } from "./house/test.ts";

const CI = process.env.CI !== undefined;

export default defineConfig<House>({
  testDir: "tests",
  outputDir: "test-results",
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
      use: { viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: "light", language: "sv" },
    },
    {
      name: "desktop",
      use: { viewport: { width: 1280, height: 800 }, colorScheme: "dark", language: "en" },
    },
  ],
});
