// The page without a network: it is there, and of letters nothing is kept with it.
import { network, signIn } from "../house/entering.ts";
import { expect, test } from "../house/test.ts";
import { NO_NETWORK } from "../house/watch.ts";

test.use({ serviceWorkers: "allow" });

test("is shown by a reload without a network, and keeps its own files only", async ({ page, server, newcomer, m, watch }) => {
  watch.expect(NO_NETWORK);
  const gun = await newcomer("Gun Berg");
  await page.goto("/sign-in");
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), "for strangers").toBe(0);
  await signIn(page, server, gun, m, { keep: true });
  const active = () => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).every(({ active: worker }) => worker?.state === "activated"));
  await expect.poll(active).toBe(true);
  const kept = () => page.evaluate(async () => {
    const all = await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)));
    return all.flat();
  });
  const paths = await kept();
  expect(paths.length).toBeGreaterThan(20);
  for (const path of paths) expect(path).toMatch(/^\/mail$|^\/assets\//);

  await network(page, false);
  await page.reload();
  await expect(page.getByRole("button", { name: m("action.retry") })).toBeVisible();
  await expect(page.getByText(m("problem.unreachable"))).toBeVisible();
  await network(page, true);
  await page.getByRole("button", { name: m("action.retry") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("folder.inbox") })).toBeVisible();
  expect(await kept()).toEqual(paths);
});

test("no service worker hears of a file that is sent, whose bytes the browser would keep", async ({ page, context, server, newcomer, m }) => {
  await signIn(page, server, await newcomer("Gun Berg"), m, { keep: true });
  const active = () => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).find(({ scope }) => scope.endsWith("/mail"))?.active?.state);
  await expect.poll(active).toBe("activated");
  await page.reload(); // from here on it is heard of
  await expect(page.getByRole("heading", { level: 1, name: m("folder.inbox") })).toBeVisible();
  const scopes = await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => new URL(scope).pathname));
  expect(scopes).toContain("/mail");
  expect(await page.evaluate(() => navigator.serviceWorker.controller !== null), "the page is kept").toBe(true);
  const sent: boolean[] = [];
  context.on("request", (request) => {
    if (request.method() === "PATCH" && request.url().includes("/blobs/")) sent.push(request.serviceWorker() !== null);
  });
  await page.goto("/mail/write");
  const script = page.waitForEvent("worker", (worker) => worker.url().includes("files_worker"));
  await page.locator("main input[type=file]").first().setInputFiles({ name: "a.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(100_000, 7) });
  const path = new URL((await script).url()).pathname;
  expect(scopes.filter((scope) => path.startsWith(scope)), "a Worker is heard of by the address of its script").toEqual([]);
  await expect.poll(() => sent.length).toBeGreaterThan(0);
});
