// Keeps the files of the page, so that a reload without a network shows it. Nothing of a letter comes here: what is asked of the
// server goes past it, and only what the build names is kept. `web/tools/kept.ts` puts FILES and VERSION before this.

/* global FILES, VERSION */
const KEPT = `page-${VERSION}`;
/** Every address of the page is answered with the same file. */
const SHELL = "/mail";

self.addEventListener("install", (event) => {
  event.waitUntil(keep());
});

// Once no tab has the files of before.
self.addEventListener("activate", (event) => {
  const forget = async () => {
    for (const name of await caches.keys()) if (name !== KEPT) await caches.delete(name);
  };
  event.waitUntil(forget());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || pathname.startsWith("/api/")) return;
  // The server first, so that a new version is shown at once.
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => kept(SHELL)));
  else if (FILES.includes(pathname)) event.respondWith(kept(pathname).then((file) => (file.ok ? file : fetch(request))));
});

/** Once for all the addresses that this script is registered for. */
async function keep() {
  const cache = await caches.open(KEPT);
  if (!(await cache.match(SHELL, { ignoreVary: true }))) await cache.addAll([...FILES, SHELL]);
}

async function kept(path) {
  return (await caches.match(path, { cacheName: KEPT, ignoreVary: true })) ?? Response.error();
}
