import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";

/** Writes the service worker, with the files that it keeps: all that has its hash in its name. Their names are its version. */
export function kept(): Plugin {
  return {
    name: "kept",
    apply: "build",
    enforce: "post",
    async generateBundle(_, bundle) {
      const files = Object.keys(bundle).filter((name) => name.startsWith("assets/")).map((name) => `/${name}`).sort();
      const version = createHash("sha256").update(files.join("\n")).digest("hex").slice(0, 16);
      const source = await readFile("src/service_worker.js", "utf8");
      const names = `const FILES = ${JSON.stringify(files)};\nconst VERSION = "${version}";\n`;
      this.emitFile({ type: "asset", fileName: "service_worker.js", source: names + source });
    },
  };
}
