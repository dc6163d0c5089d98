// What the server refuses: each time the page says what happened and what to do, and nothing that was written is lost.
import { problem } from "../house/entering.ts";
import { refuse } from "../house/refused.ts";
import { Server } from "../house/server.ts";
import { expect, test } from "../house/test.ts";
import { REFUSED } from "../house/watch.ts";
import { DIARY, goTo, row, text, write } from "../house/writing.ts";

const FULL = /status of 507/;

test("a letter whose sender asks for a fresh proof opens after a code", async ({ visit, server, newcomer, m, watch }) => {
  watch.expect(REFUSED);
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], subject: "Provsvaren", text: "Allt ser bra ut." });
  const guns = await visit(gun);
  await refuse(guns, "GET", "**/api/v1/letters/*/content", { name: "level-required", status: 403 });
  await row(guns, "Provsvaren").click();
  await expect(guns.getByText(m("damage.level"))).toBeVisible();
  await expect(text(guns)).not.toContainText("Allt ser bra ut.");
  const before = await server.messagesTo(gun.phone);
  await guns.getByRole("button", { name: m("confirm.title") }).click();
  const dialog = guns.getByRole("dialog", { name: m("confirm.title") });
  await dialog.getByLabel(m("code.label")).fill(await server.code(gun.phone, before));
  await expect(dialog).toBeHidden();
  await expect(text(guns)).toContainText("Allt ser bra ut.");
});

test("an address of another organisation is told so while registering, and can be changed", async ({ page, stranger, m, watch }) => {
  watch.expect(REFUSED);
  const server = await Server.start({ REGISTRATION: "domains", REGISTRATION_DOMAINS: '["demo.example"]' });
  const gun = stranger("Gun Berg");
  await page.goto(`${server.url}/register`);
  await page.getByLabel(m("register.name"), { exact: true }).fill(gun.name);
  await page.getByLabel(m("address.label")).fill("gun.berg@elsewhere.example");
  await page.getByRole("button", { name: m("register.send_mail") }).click();
  await expect(problem(page)).toContainText(m("problem.other_domain"));
  await expect(problem(page)).toContainText(m("problem.other_domain.do"));
  await page.getByLabel(m("address.label")).fill(gun.address);
  await page.getByRole("button", { name: m("register.send_mail") }).click();
  await expect(page.getByRole("heading", { name: m("code.from_mail") })).toBeVisible();
  await server.end();
});

for (const [name, what, todo] of [
  ["mailbox-full", "problem.mailbox_full", "problem.mailbox_full.do"],
  ["reader-full", "problem.reader_full", "problem.reader_full.do"],
] as const) {
  test(`a letter that is refused as ${name} is a draft, beside what to do`, async ({ visit, newcomer, m, watch }) => {
    watch.expect(FULL);
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    const guns = await visit(gun);
    await refuse(guns, "POST", "**/api/v1/letters", { name, status: 507 });
    await write(guns, { to: [per.address], ...DIARY }, m);
    await guns.getByRole("button", { name: m("write.send") }).click();
    await guns.getByRole("button", { name: m("outbox.now") }).click();
    await goTo(guns, "sent", m);
    await expect(guns.getByText(`${m(what)} ${m(todo)} ${m("outbox.draft_kept")}`)).toBeVisible();
    await goTo(guns, "drafts", m);
    await expect(row(guns, DIARY.subject)).toBeVisible();
  });
}
