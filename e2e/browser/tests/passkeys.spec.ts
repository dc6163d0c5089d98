// Passkeys: added in ceremonies of which the second shows what they are good for, and signed in with.
import { violations } from "../house/axe.ts";
import { fromMenu, inMailbox, prove, signOut, unlock } from "../house/entering.ts";
import { addPasskey, alter, authenticator, outputs, overhear, signInByPasskey } from "../house/passkeys.ts";
import { expect, type Page, test } from "../house/test.ts";
import { REFUSED } from "../house/watch.ts";

const OTHER = "en helt annan mening om båtar";

/** What the page sends, as text. */
function sent(page: Page): string[] {
  const bodies: string[] = [];
  page.context().on("request", (request) => bodies.push(request.postData() ?? ""));
  return bodies;
}

test("a passkey with an output opens the mailbox without a password, and nothing of the output is sent", async ({ visit, newcomer, m }) => {
  const guns = await visit(await newcomer("Gun Berg"));
  const bodies = sent(guns);
  await overhear(guns);
  const key = await authenticator(guns, { prf: true });
  await addPasskey(guns, "Guns telefon", m);
  await expect(guns.getByText(m("passkey.opens_now", { name: "Guns telefon" }))).toBeVisible();
  expect(await key.count()).toBe(1);
  expect(await violations(guns)).toEqual([]);
  const heard = await outputs(guns);
  expect(heard.length, "the second ceremony gave one too").toBeGreaterThanOrEqual(2);
  expect(new Set(heard).size, "the same each time").toBe(1);

  await guns.getByRole("button", { name: m("passkey.done") }).press("Enter");
  const row = guns.getByRole("listitem").filter({ hasText: "Guns telefon" });
  await expect(row).toContainText(m("passkey.opens"));
  await guns.goto("/mail/inbox");
  await signOut(guns, m);
  await signInByPasskey(guns, m);
  await inMailbox(guns, m);
  await guns.reload();
  await inMailbox(guns, m);
  const said = bodies.join("\n");
  expect(said).toContain("authenticator_data");
  for (const output of heard) expect(said).not.toContain(output);
  expect(said).not.toContain("clientExtensionResults");
});

test("a passkey without an output proves its owner, and the password opens the mailbox", async ({ visit, newcomer, m }) => {
  const gun = await newcomer("Gun Berg");
  const guns = await visit(gun);
  const key = await authenticator(guns, { prf: false });
  await addPasskey(guns, "Säkerhetsnyckel", m);
  await expect(guns.getByText(m("passkey.proves_now", { name: "Säkerhetsnyckel" }))).toBeVisible();
  expect(await violations(guns)).toEqual([]);
  await guns.getByRole("button", { name: m("passkey.done") }).press("Enter");
  await guns.goto("/mail/inbox");

  await signOut(guns, m);
  await signInByPasskey(guns, m);
  await expect(guns.getByRole("heading", { level: 1, name: m("passkey.password_too") })).toBeVisible();
  expect(await violations(guns)).toEqual([]);
  await guns.getByLabel(m("password.label"), { exact: true }).fill(gun.password);
  await guns.getByRole("button", { name: m("passkey.open") }).press("Enter");
  await inMailbox(guns, m);

  await signOut(guns, m);
  await key.touched(false); // or it would answer the offer in the field for the address
  await prove(guns, gun, m);
  await expect(guns.getByRole("heading", { level: 1, name: m("sign_in.confirm") })).toBeVisible();
  await key.touched(true);
  await guns.getByRole("button", { name: m("passkey.use"), exact: true }).press("Enter");
  await inMailbox(guns, m);
});

test("a passkey that gives another output each time is a proof only, and password and sheet stay", async ({ visit, newcomer, m }) => {
  const gun = await newcomer("Gun Berg");
  const guns = await visit(gun);
  await overhear(guns);
  await authenticator(guns, { prf: true });
  await guns.goto("/settings/passkeys");
  await alter(guns);
  await guns.getByRole("button", { name: m("passkey.add"), exact: true }).click();
  await guns.getByLabel(m("passkey.name")).fill("Nyckeln");
  await guns.getByRole("button", { name: m("passkey.add_it"), exact: true }).click();
  await expect(guns.getByText(m("passkey.proves_now", { name: "Nyckeln" }))).toBeVisible();
  expect(new Set(await outputs(guns)).size).toBeGreaterThan(1);
  await guns.goto("/mail/inbox");
  await fromMenu(guns, m("app.lock"), m);
  await unlock(guns, gun.password, m);
  await inMailbox(guns, m);
});

test("a passkey that opened the mailbox and gives another output later asks for the password", async ({ visit, newcomer, m }) => {
  const gun = await newcomer("Gun Berg");
  const guns = await visit(gun);
  await overhear(guns);
  await authenticator(guns, { prf: true });
  await addPasskey(guns, "Guns telefon", m);
  await guns.goto("/mail/inbox");
  await signOut(guns, m);
  await alter(guns);
  await signInByPasskey(guns, m);
  await expect(guns.getByRole("heading", { level: 1, name: m("passkey.password_too") })).toBeVisible();
  await guns.getByLabel(m("password.label"), { exact: true }).fill(gun.password);
  await guns.getByRole("button", { name: m("passkey.open") }).click();
  await inMailbox(guns, m);
});

test("passkeys are renamed and removed, and a removed one lets nobody in", async ({ visit, newcomer, m }) => {
  const guns = await visit(await newcomer("Gun Berg"));
  await authenticator(guns, { prf: true });
  await addPasskey(guns, "Guns telefon", m);
  await guns.getByRole("button", { name: m("passkey.done") }).click();
  await guns.getByRole("button", { name: m("passkey.rename_it", { name: "Guns telefon" }) }).press("Enter");
  await guns.getByLabel(m("passkey.name")).fill("Guns gamla telefon");
  await guns.getByRole("button", { name: m("contact.save"), exact: true }).press("Enter");
  const row = guns.getByRole("listitem").filter({ hasText: "Guns gamla telefon" });
  await expect(row).toBeVisible();
  await guns.reload();
  await expect(row).toBeVisible();
  expect(await violations(guns)).toEqual([]);
  await guns.getByRole("button", { name: m("passkey.remove_it", { name: "Guns gamla telefon" }) }).press("Enter");
  await expect(guns.getByText(m("passkeys.none"))).toBeVisible();
  await guns.goto("/mail/inbox");
  await signOut(guns, m);
  await signInByPasskey(guns, m);
  await expect(guns.getByText(m("problem.passkey_refused"))).toBeVisible();
  await expect(guns.getByRole("heading", { level: 1, name: m("passkey.show") })).toBeVisible();
  await guns.getByRole("button", { name: m("passkey.use_password") }).click();
  await expect(guns.getByLabel(m("address.label"))).toBeVisible();
});

test("a passkey is offered where the address is typed", async ({ visit, newcomer, m }) => {
  const guns = await visit(await newcomer("Gun Berg"));
  await authenticator(guns, { prf: true });
  await addPasskey(guns, "Guns telefon", m);
  await guns.goto("/mail/inbox");
  await signOut(guns, m);
  await guns.getByLabel(m("address.label")).focus();
  await inMailbox(guns, m);
});

test("a question that nobody answers says so, and leaves the way by password", async ({ page, m }) => {
  await page.goto("/sign-in");
  await authenticator(page, { prf: true });
  await signInByPasskey(page, m);
  await expect(page.getByText(m("passkey.closed"))).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: m("passkey.use_password") }).press("Enter");
  await expect(page.getByLabel(m("address.label"))).toBeVisible();
});

test("a locked page is unlocked by a passkey, and by the password of whoever has both", async ({ visit, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  const guns = await visit(gun);
  await overhear(guns);
  const key = await authenticator(guns, { prf: true });
  await addPasskey(guns, "Guns telefon", m);
  await guns.goto("/mail/inbox");
  await fromMenu(guns, m("app.lock"), m);
  await expect(guns.getByRole("heading", { level: 1, name: m("locked.title") })).toBeVisible();
  const unlocks = guns.getByRole("button", { name: m("locked.by_passkey") });
  await expect(unlocks).toBeVisible();
  expect(await violations(guns)).toEqual([]);
  await unlocks.press("Enter");
  await inMailbox(guns, m);

  // After a reload the server says what opens it.
  await fromMenu(guns, m("app.lock"), m);
  await expect(unlocks).toBeVisible();
  await guns.reload();
  await expect(unlocks).toBeVisible();
  await alter(guns);
  await unlocks.click();
  await expect(guns.getByText(m("locked.passkey_opens_nothing"))).toBeVisible();
  await unlock(guns, gun.password, m);
  await inMailbox(guns, m);
  expect(await key.count()).toBe(1);
});

test("a mailbox without a password is opened and unlocked by its passkey, and gets one again", async ({ visit, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  const guns = await visit(gun);
  await authenticator(guns, { prf: true });
  await guns.goto("/settings/identity");
  const fold = guns.getByText(m("remove_password.title"));
  await fold.click();
  await expect(guns.getByRole("button", { name: m("remove_password.begin") }), "no passkey opens it yet").toHaveCount(0);
  await addPasskey(guns, "Guns telefon", m);
  await guns.goto("/settings/identity");
  await fold.click();
  await guns.getByRole("button", { name: m("remove_password.begin") }).press("Enter");
  const dialog = guns.getByRole("alertdialog", { name: m("remove_password.ask") });
  await expect(dialog.getByText(m("remove_password.means_lost"))).toBeVisible();
  expect(await violations(guns)).toEqual([]);
  await dialog.getByRole("button", { name: m("remove_password.begin") }).click();
  await expect(guns.getByText(m("change_password.none"))).toBeVisible();
  await guns.goto("/settings/sessions");
  await expect(guns.getByRole("list", { name: m("events.title") }).getByRole("listitem").first()).toContainText(m("events.password_removed"));

  await guns.goto("/mail/inbox");
  await fromMenu(guns, m("app.lock"), m);
  await expect(guns.getByRole("button", { name: m("locked.by_passkey") })).toBeVisible();
  await expect(guns.getByLabel(m("password.label"), { exact: true })).toHaveCount(0);
  expect(await violations(guns)).toEqual([]);
  await guns.getByRole("button", { name: m("locked.by_passkey") }).click();
  await inMailbox(guns, m);
  await signOut(guns, m);
  await signInByPasskey(guns, m);
  await inMailbox(guns, m);

  // The last passkey stays, and a password may come back.
  await guns.goto("/settings/passkeys");
  await guns.getByRole("button", { name: m("passkey.remove_it", { name: "Guns telefon" }) }).click();
  await expect(guns.getByText(m("problem.last_way_in"))).toBeVisible();
  await guns.goto("/settings/identity");
  await guns.getByRole("button", { name: m("change_password.choose") }).click();
  await guns.getByLabel(m("new_password.label"), { exact: true }).fill(OTHER);
  await guns.keyboard.press("Enter");
  await expect(guns.getByText(m("change_password.done.title"))).toBeVisible();
  await expect(fold).toBeVisible();
});
