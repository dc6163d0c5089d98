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
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  const kept = () => page.evaluate(async () => {
    const all = await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)));
    return all.flat();
  });
  const paths = await kept();
  expect(paths.length).toBeGreaterThan(20);
  for (const path of paths) expect(path).toMatch(/^\/$|^\/assets\//);

  await network(page, false);
  await page.reload();
  await expect(page.getByRole("button", { name: m("action.retry") })).toBeVisible();
  await expect(page.getByText(m("problem.unreachable"))).toBeVisible();
  await network(page, true);
  await page.getByRole("button", { name: m("action.retry") }).click();
  await expect(page.getByRole("heading", { level: 1, name: m("folder.inbox") })).toBeVisible();
  expect(await kept()).toEqual(paths);
});
