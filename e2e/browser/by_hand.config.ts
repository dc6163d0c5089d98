// What is measured or read by a person, not by a test: `npm run figures`, `npm run tree`.
import { defineConfig } from "@playwright/test";
import { chromium } from "./house/chromium.ts";
import type { House } from "./house/test.ts";

export default defineConfig<House>({
  testDir: "by_hand",
  testMatch: "*.ts",
  outputDir: "test-results/by_hand",
  workers: 1,
  reporter: [["list"]],
  timeout: 20 * 60_000,
  expect: { timeout: 120_000 },
  use: {
    browserName: "chromium",
    launchOptions: chromium(),
    viewport: { width: 1280, height: 800 },
    language: "sv",
  },
});
