import { paraglideVitePlugin } from "@inlang/paraglide-js";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { compressed } from "./tools/compressed.ts";
import { fromServer } from "./tools/from_server.ts";
import { kept } from "./tools/kept.ts";
import { paintedInOneGo } from "./tools/painted_in_one_go.ts";

export default defineConfig({
  plugins: [
    paraglideVitePlugin({
      project: "./project.inlang",
      outdir: "./src/paraglide",
      // Looks.svelte.ts decides the language; nothing is read from cookies or addresses.
      strategy: ["baseLocale"],
      isServer: "false",
      outputStructure: "message-modules", // a message that no page calls is not shipped
    }),
    svelte(),
    paintedInOneGo(),
    kept(),
    compressed(),
  ],
  build: {
    target: ["es2022", "chrome111", "firefox113", "safari16.4"],
    assetsInlineLimit: 0, // `data:` is not in the content security policy
    modulePreload: { polyfill: false }, // the polyfill would be an inline script
    reportCompressedSize: false,
  },
  worker: {
    format: "es",
    // The files Worker lies where no service worker hears of its requests (web/src/app/offline.ts).
    rollupOptions: { output: { entryFileNames: ({ name }) => `${name === "files_worker" ? "files" : "assets"}/[name]-[hash].js` } },
  },
  server: { proxy: { "^/(api/|demo/.*\\.json$)": fromServer() } },
});
