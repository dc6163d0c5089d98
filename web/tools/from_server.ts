import type { ProxyOptions } from "vite";

/** Where `cargo xtask run` listens, unless told otherwise. */
const DEMO = "http://localhost:8443";

/**
 * For `npm run dev`: what the page asks of a server goes to one that runs beside Vite's. That one answers its own page
 * only, so what comes from Vite's says that it comes from there; what comes from any other site is left to be refused.
 */
export function fromServer(): ProxyOptions {
  const target = process.env.SECUREMAILBOX_URL ?? DEMO;
  return {
    target,
    changeOrigin: true,
    configure: (proxy) => {
      proxy.on("proxyReq", (passedOn, { headers }) => {
        if (headers.origin === `http://${headers.host}`) passedOn.setHeader("origin", target);
      });
    },
  };
}
