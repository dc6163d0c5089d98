// The demo's outbox and people, and addresses that are no page.
import { readable } from "../../../web/src/parts/phone_number.ts";
import { enterCode, inMailbox } from "../house/entering.ts";
import { expect, test } from "../house/test.ts";
import { NOT_THERE } from "../house/watch.ts";

test.describe("a demo", () => {
  test("fills in its people, and shows the code that would have been sent", async ({ page, context, server, m }) => {
    const elif = await server.person("elif");
    await page.goto("/sign-in");
    await page.getByText(m("demo.people"), { exact: true }).click();
    await page.getByRole("button", { name: m("demo.people.fill.spoken", { name: elif.name }) }).click();
    await expect(page.getByLabel(m("address.label"))).toHaveValue(elif.address);

    const outbox = await context.newPage();
    await outbox.goto("/demo/outbox");
    await expect(outbox.getByRole("heading", { level: 1, name: m("title.outbox") })).toBeVisible();
    const before = await server.messagesTo(elif.phone);
    await page.getByRole("button", { name: m("title.sign_in"), exact: true }).click();
    const code = await server.code(elif.phone, before);
    await expect(outbox.getByRole("button", { name: m("outbox.copy", { code }) })).toBeVisible();
    await expect(outbox.getByRole("status").filter({ hasText: m("outbox.arrived.sms", { to: readable(elif.phone) }) })).toBeAttached();
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await outbox.getByRole("button", { name: m("outbox.copy", { code }) }).click();
    await expect.poll(() => outbox.evaluate(() => navigator.clipboard.readText())).toBe(code);
    await enterCode(page, code, m);
    await inMailbox(page, m);
  });

  test("says that its outbox can't be reached, instead of showing an old one as new", async ({ page, context, m, watch }) => {
    watch.expect(/ERR_FAILED/);
    await page.goto("/demo/outbox");
    await expect(page.getByRole("heading", { level: 1, name: m("title.outbox") })).toBeVisible();
    await context.route("**/demo/outbox.json", (route) => route.abort());
    await expect(page.getByText(m("outbox.unreachable.title"))).toBeVisible();
  });
});

test("an address that is no page says so in one's own language, and leads home", async ({ page, visit, newcomer, m, language, watch }) => {
  watch.expect(NOT_THERE);
  const answer = await page.goto("/mail/nothing");
  expect(answer?.status()).toBe(404);
  await expect(page.locator("html")).toHaveAttribute("lang", language);
  await page.locator("main a[href='/sign-in']").click();
  await expect(page).toHaveURL("/sign-in");

  const guns = await visit(await newcomer("Gun Berg"));
  await guns.goto("/nothing");
  await guns.locator(".brand").first().click();
  await inMailbox(guns, m);
});
