// Devices and events: a new one is told of, and whoever says "It was not me" is alone at once.
import { violations } from "../house/axe.ts";
import { enterCode } from "../house/entering.ts";
import { expect, test } from "../house/test.ts";
import { refuse } from "../house/refused.ts";
import { REFUSED } from "../house/watch.ts";

test("a browser that is new is told of with a link to where one says that it was not oneself", async ({ visit, newcomer, server, m }) => {
  const gun = await newcomer("Gun Berg");
  const told = await server.messagesTo(gun.address);
  await visit(gun);
  await expect.poll(() => server.messagesTo(gun.address)).toBe(told + 1);
  const mail = await server.newestTo(gun.address);
  expect(mail).toMatch(/ny enhet|new device/);
  const link = /https?:\/\/\S+/.exec(mail)?.[0] ?? "";
  expect(new URL(link).pathname).toBe("/settings/not-me");

  // Whoever follows it signs in, and is where the link led.
  const nobodys = await visit();
  await nobodys.goto("/settings/not-me");
  await expect(nobodys).toHaveURL("/sign-in");
  const before = await server.messagesTo(gun.phone);
  await nobodys.getByLabel(m("address.label")).fill(gun.address);
  await nobodys.getByLabel(m("password.label"), { exact: true }).fill(gun.password);
  await nobodys.getByRole("button", { name: m("title.sign_in"), exact: true }).click();
  await enterCode(nobodys, await server.code(gun.phone, before), m);
  await expect(nobodys.getByRole("heading", { level: 2, name: m("not_me.title") })).toBeVisible();
  await expect(nobodys).toHaveURL("/settings/not-me");
});

test("it was not me: from an event to a mailbox that is open here alone, by the keyboard", async ({ visit, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  const other = await visit(gun);
  const guns = await visit(gun);
  await guns.goto("/settings/sessions");
  const events = guns.getByRole("list", { name: m("events.title") }).getByRole("listitem");
  await expect(events.first()).toContainText(m("events.new_device"));
  await expect(events.first(), "this one is one's own").toContainText(m("sessions.current"));
  await expect(events.first().getByRole("link")).toHaveCount(0);
  const strange = events.nth(1).getByRole("link", { name: m("events.not_me") });
  expect(await violations(guns)).toEqual([]);
  await strange.press("Enter");
  await expect(guns.getByRole("heading", { level: 2, name: m("not_me.title") })).toBeVisible();
  await expect(guns.getByRole("navigation", { name: m("settings.title") }).getByRole("link", { name: m("settings.sessions") })).toHaveAttribute("aria-current", "page");
  await guns.getByRole("button", { name: m("sessions.end_others") }).press("Enter");
  await expect(guns.getByText(m("not_me.out.done"))).toBeVisible();
  expect(await violations(guns)).toEqual([]);
  await other.reload();
  await expect(other.getByRole("heading", { level: 1, name: m("title.sign_in") })).toBeVisible();
  await expect(gun.terminal.list()).rejects.toThrow(/not-signed-in/);
});

test("all other devices are signed out at once, after a code where the last one is too old", async ({ visit, newcomer, server, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  await visit(gun);
  const guns = await visit(gun);
  await refuse(guns, "DELETE", "**/api/v1/sessions/others", { name: "proof-required", status: 403 });
  await guns.goto("/settings/sessions");
  const devices = guns.getByRole("list", { name: m("sessions.list") }).getByRole("listitem");
  await expect(devices, "her terminal, and two browsers").toHaveCount(3);
  const before = await server.messagesTo(gun.phone);
  const all = guns.getByRole("button", { name: m("sessions.end_others") });
  await all.click();
  const dialog = guns.getByRole("dialog", { name: m("confirm.title") });
  await dialog.getByLabel(m("code.label")).fill(await server.code(gun.phone, before));
  await expect(dialog).toBeHidden();
  await expect(devices).toHaveCount(1);
  await expect(all).toHaveCount(0);
  await expect(guns.getByRole("heading", { level: 2, name: m("settings.sessions") })).toBeFocused();
});
