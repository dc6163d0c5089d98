// What a letter asks of whoever reads it (PROTOCOL §6), and the number that its writer knows (ATTACKS 26).
import { addApp } from "../house/authenticator.ts";
import { violations } from "../house/axe.ts";
import { authenticator } from "../house/passkeys.ts";
import { expect, type Page, test } from "../house/test.ts";
import { REFUSED } from "../house/watch.ts";
import { addReader, goTo, open, readers, row, send, text, write } from "../house/writing.ts";
import type { Words } from "../house/words.ts";

const LETTER = { subject: "Provsvaren", text: "Allt ser bra ut." };

/** As the page reads a number out. */
function readable(phone: string): string {
  return phone.replace(/^\+46(\d{2})(\d{3})(\d{2})(\d{2})$/, "+46\u00a0$1\u2011$2\u00a0$3\u00a0$4");
}

async function clean(page: Page): Promise<void> {
  expect(await violations(page)).toEqual([]);
}

/** Ticks that whoever reads it is to be identified, and how. */
async function askFor(page: Page, level: "phone" | "authenticator" | "passkey", m: Words): Promise<void> {
  await page.getByRole("checkbox", { name: m("write.level"), exact: true }).check();
  await page.getByRole("radio", { name: m(`level.${level}`) }).check();
}

test("a letter that asks for an app is read once there is one, and its sender sees by what it was", async ({ visit, newcomer, server, m, watch }) => {
  watch.expect(REFUSED);
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const pers = await visit(per);
  await write(pers, { to: [gun.address], ...LETTER }, m);
  await askFor(pers, "authenticator", m);
  await expect(pers.getByText(m("write.level_means"))).toBeVisible();
  await clean(pers);
  await send(pers, m);

  const guns = await visit(gun);
  const locked = row(guns, m("list.locked"));
  await expect(locked).toContainText(m("level.authenticator"));
  await expect(locked).not.toContainText(LETTER.subject);
  await locked.click();
  await expect(text(guns)).toContainText(m("asks_for.authenticator"));
  await expect(text(guns)).toContainText(m("damage.no_factor"));
  await expect(text(guns)).not.toContainText(LETTER.text);
  await clean(guns);
  await expect(text(guns).getByRole("link", { name: m("damage.add_factor") })).toHaveAttribute("href", "/settings/identity");

  // On another device: the session of this one stands where its SMS put it.
  const app = await addApp(await visit(gun), server, gun, m);
  await guns.goto("/mail/inbox");
  await row(guns, m("list.locked")).click();
  await text(guns).getByRole("button", { name: m("confirm.title") }).click();
  const dialog = guns.getByRole("dialog", { name: m("confirm.title") });
  await dialog.getByLabel(m("code.app_label")).fill(app.next());
  await expect(text(guns)).toContainText(LETTER.text);
  await expect(text(guns)).toContainText(m("asks_for.authenticator"));
  await clean(guns);
  await guns.goto("/mail/inbox");
  await expect(row(guns, LETTER.subject)).toContainText(m("level.authenticator"));

  await goTo(pers, "sent", m);
  await open(pers, LETTER.subject);
  await expect(text(pers)).toContainText(m("asks_for.authenticator"));
  await expect(text(pers).getByRole("list")).toContainText(m("level.authenticator"));
  await clean(pers);
});

test("a letter that asks for a passkey tells who has none where to add one, and opens by it", async ({ visit, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], ...LETTER, level: "passkey" });
  const guns = await visit(gun);
  await authenticator(guns, { prf: true });
  await row(guns, m("list.locked")).click();
  await expect(text(guns)).toContainText(m("damage.no_passkey"));
  await text(guns).getByRole("link", { name: m("damage.add_passkey") }).click();
  await guns.getByRole("button", { name: m("passkey.add"), exact: true }).press("Enter");
  await guns.getByLabel(m("passkey.name")).fill("Guns telefon");
  await guns.getByLabel(m("passkey.name")).press("Enter");
  await expect(guns.getByRole("heading", { level: 2, name: m("passkey.added") })).toBeFocused();
  // Whoever has just added one has shown it.
  await guns.goto("/mail/inbox");
  await row(guns, m("list.locked")).click();
  await expect(text(guns)).toContainText(LETTER.text);
  await expect(text(guns)).toContainText(m("asks_for.passkey"));
});

test("what a draft asks of its readers stays with it, and no letter asks by itself", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  await write(guns, { to: [per.address], ...LETTER }, m);
  const asks = guns.getByRole("checkbox", { name: m("write.level"), exact: true });
  await expect(asks).not.toBeChecked();
  await askFor(guns, "passkey", m);
  await expect(guns.getByRole("status").filter({ hasText: /\d\d[.:]\d\d/ })).toBeVisible();
  await guns.getByRole("link", { name: m("write.close") }).click();
  await goTo(guns, "drafts", m);
  await row(guns, LETTER.subject).click();
  await expect(guns.getByRole("radio", { name: m("level.passkey") })).toBeChecked();
  await guns.reload();
  await expect(guns.getByRole("radio", { name: m("level.passkey") })).toBeChecked();
  await asks.uncheck();
  await expect(guns.getByRole("radio", { name: m("level.passkey") })).toHaveCount(0);
});

test("the number that the writer knows is checked when they ask, and a match stands beside a key that is still new", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  await write(guns, { to: [per.address], ...LETTER }, m);
  await expect(guns.getByText(m("number.known_one"))).toBeVisible();
  await clean(guns);
  await guns.getByRole("button", { name: m("number.check"), exact: true }).click();
  const dialog = guns.getByRole("dialog", { name: m("number.title", { name: per.address }) });
  await dialog.getByRole("button", { name: m("number.ask") }).click();
  await expect(dialog).toContainText(m("number.missing"));
  await dialog.getByLabel(m("number.label")).fill(per.phone.replace("+46", "0"));
  await expect(dialog.getByRole("status")).toContainText(per.phone.slice(-2));
  await clean(guns);
  await dialog.getByRole("button", { name: m("number.ask") }).click();
  await expect(dialog).toBeHidden();
  await expect(readers(guns, m)).toContainText(m("chip.number_matches"));
  await expect(readers(guns, m)).toContainText(m("key.new"));
  await expect(guns.getByText(m("number.known_one"))).toHaveCount(0);
  await clean(guns);
  await send(guns, m);
  await guns.goto(`/contacts#${encodeURIComponent(per.address)}`);
  await expect(guns.getByRole("main")).toContainText(m("contact.number_matches", { number: readable(per.phone) }));
});

test("a number that is not theirs stops the letter until the writer says otherwise, on every device", async ({ visit, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  await write(guns, { to: [per.address], ...LETTER }, m);
  await guns.getByRole("button", { name: m("number.check"), exact: true }).press("Enter");
  const dialog = guns.getByRole("dialog", { name: m("number.title", { name: per.address }) });
  await dialog.getByLabel(m("number.label")).fill("070-174 06 99");
  await dialog.getByLabel(m("number.label")).press("Enter");
  await expect(dialog).toBeHidden();
  await expect(readers(guns, m)).toContainText(m("chip.number_differs"));
  await expect(guns.getByText(m("number.stopped", { name: per.address }))).toBeVisible();
  await clean(guns);
  await guns.getByRole("button", { name: m("write.send") }).click();
  await expect(guns.getByText(m("problem.number_differs", { who: per.address })).first()).toBeVisible();
  await expect(guns).toHaveURL(/\/mail\/write/);
  await expect(gun.terminal.send({ to: [per.address], ...LETTER })).rejects.toThrow(/number-differs/);

  await guns.getByRole("button", { name: m("number.anyway") }).click();
  await expect(readers(guns, m)).toContainText(m("key.new"));
  await send(guns, m);
  await expect.poll(async () => (await per.terminal.list()).map(({ subject }) => subject)).toEqual([LETTER.subject]);
});

test("what one has written down of a contact stands in the field, and nobody is asked before the button is pressed", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  const asked: string[] = [];
  guns.on("request", (request) => asked.push(request.url()));
  await guns.goto("/contacts/add");
  await guns.getByLabel(m("address.label")).fill(per.address);
  await guns.getByLabel(m("contact.phone"), { exact: true }).fill(per.phone);
  await guns.getByRole("button", { name: m("contact.add"), exact: true }).click();
  await expect(guns).toHaveURL(/\/contacts#/);
  await guns.goto("/mail/write");
  await addReader(guns, per.address, m);
  await guns.getByRole("button", { name: m("number.check"), exact: true }).click();
  const dialog = guns.getByRole("dialog");
  await expect(dialog.getByLabel(m("number.label"))).toHaveValue(readable(per.phone));
  expect(asked.filter((url) => url.endsWith("/directory/numbers"))).toEqual([]);
  await dialog.getByRole("button", { name: m("number.ask") }).click();
  await expect(readers(guns, m)).toContainText(m("chip.number_matches"));
});
