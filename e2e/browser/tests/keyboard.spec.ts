// Without a mouse, from the door to a letter that was sent and erased; and the keys for who knows them.
import { App, step } from "../house/authenticator.ts";
import { tabTo } from "../house/keyboard.ts";
import { expect, test } from "../house/test.ts";
import { goTo, open, row, toast } from "../house/writing.ts";

test("a person with a keyboard alone signs in, writes, sends, and erases", async ({ page, server, newcomer, m }) => {
  test.slow();
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await page.goto("/sign-in");
  await tabTo(page, page.getByLabel(m("address.label")));
  await page.keyboard.type(gun.address);
  await tabTo(page, page.getByLabel(m("password.label"), { exact: true }));
  await page.keyboard.type(gun.password);
  const before = await server.messagesTo(gun.phone);
  await page.keyboard.press("Enter");
  await expect(page.getByLabel(m("code.label"))).toBeFocused();
  const code = await server.code(gun.phone, before);
  await page.keyboard.type(code);
  await expect(page.getByRole("heading", { level: 1, name: m("folder.inbox") })).toBeFocused();

  await page.keyboard.press("c");
  await expect(page.getByRole("combobox", { name: m("write.to") })).toBeFocused();
  await page.keyboard.type(per.address);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("list", { name: m("write.recipients") })).toContainText(m("key.new"));
  await tabTo(page, page.getByRole("textbox", { name: m("write.subject") }));
  await page.keyboard.type("Utan mus");
  await tabTo(page, page.getByRole("textbox", { name: m("write.text") }));
  await page.keyboard.type("Det gick bra.");
  await tabTo(page, page.getByRole("button", { name: m("write.send") }));
  await page.keyboard.press("Enter");
  await expect(toast(page, m)).toBeVisible();
  for (let panes = 0; panes < 3 && !(await toast(page, m).locator(":focus").count()); panes++) await page.keyboard.press("F6");
  await tabTo(page, page.getByRole("button", { name: m("outbox.now") }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").filter({ hasText: m("outbox.sent") })).toBeAttached();
  expect(await per.terminal.list()).toMatchObject([{ subject: "Utan mus" }]);

  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await expect(page.getByRole("heading", { level: 1, name: m("folder.sent") })).toBeFocused();
  await expect(row(page, "Utan mus")).toBeVisible();
  await page.keyboard.press("j");
  await expect(row(page, "Utan mus")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Utan mus" })).toBeFocused();
  await page.keyboard.press("#");
  await expect(toast(page, m)).toContainText(m("letter.binned"));
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await expect(page.getByRole("heading", { level: 1, name: m("folder.trash") })).toBeFocused();

  await tabTo(page, page.getByRole("button", { name: m("trash.empty") }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: m("trash.keep", { count: 1 }) })).toBeFocused();
  await tabTo(page, page.getByRole("button", { name: m("trash.erase", { count: 1 }) }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: m("receipt.title", { count: 1 }) })).toBeFocused();
  expect(await gun.terminal.list("trash")).toEqual([]);
});

test.describe("keys", () => {
  test("are letters to whoever came to write, from the first one on", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await per.terminal.send({ to: [gun.address], subject: "Hur är det?", text: "Skriv när du hinner." });
    const guns = await visit(gun);
    await open(guns, "Hur är det?");
    await guns.keyboard.press("c");
    await guns.keyboard.type("gisela.ek");
    await expect(guns.getByRole("combobox", { name: m("write.to") })).toHaveValue(/isela\.ek$/);
    await expect(guns).toHaveURL(/\/mail\/write/);
    await guns.getByRole("link", { name: m("write.close") }).click();
    await open(guns, "Hur är det?");
    await guns.keyboard.press("r");
    await expect(guns.getByRole("textbox", { name: m("write.text") })).toBeFocused();
    await guns.keyboard.type("Gissa.");
    await expect(guns.getByRole("textbox", { name: m("write.text") })).toHaveValue("Gissa.");
  });

  test("walk through letters, and take back what the last one did", async ({ visit, newcomer }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    for (const subject of ["Ett", "Två", "Tre"]) await per.terminal.send({ to: [gun.address], subject, text: "Hej" });
    const guns = await visit(gun);
    await expect(row(guns, "Tre")).toBeVisible();
    for (const [key, subject] of [["j", "Tre"], ["j", "Två"], ["ArrowDown", "Ett"], ["k", "Två"], ["Home", "Tre"], ["End", "Ett"]] as const) {
      await guns.keyboard.press(key);
      await expect(row(guns, subject)).toBeFocused();
    }
    await guns.keyboard.press("k");
    await guns.keyboard.press("#");
    await expect(row(guns, "Två")).toHaveCount(0);
    await expect(row(guns, "Ett"), "the next one has the focus").toBeFocused();
    await guns.keyboard.press("z");
    await expect(row(guns, "Två")).toBeVisible();
    await guns.keyboard.press("Enter");
    await expect(guns.getByRole("heading", { level: 1, name: "Ett" })).toBeFocused();
    await guns.keyboard.press("u");
    await expect(row(guns, "Ett")).toBeFocused();
  });

  test("are answered before anything is asked for", async ({ visit, newcomer }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await per.terminal.send({ to: [gun.address], subject: "Ett", text: "Hej" });
    const guns = await visit(gun);
    await row(guns, "Ett").focus();
    for (const [key, call, answer] of [
      ["f", "mark_letters", "li .lucide-flag"],
      ["e", "move_letters", "main:not(:has(li a))"],
      ["z", "move_letters", "body:not(:has([data-toast]))"],
      ["c", "contacts", "#write-heading"],
    ] as const) {
      await guns.evaluate(listenFor, { call, answer });
      await guns.keyboard.press(key);
      expect(await guns.evaluate(() => (globalThis as unknown as Scope).answered), `what ${key} shows was there when the Worker heard of it`).toBe(true);
      if (key === "z") await expect(row(guns, "Ett")).toBeVisible();
    }
  });

  test("archive a letter, lead to the archive, and back", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    for (const subject of ["Ett", "Två"]) await per.terminal.send({ to: [gun.address], subject, text: "Hej" });
    const guns = await visit(gun);
    await row(guns, "Två").focus();
    await guns.keyboard.press("e");
    await expect(row(guns, "Två")).toHaveCount(0);
    await expect(row(guns, "Ett"), "the next one has the focus").toBeFocused();
    await guns.keyboard.press("Enter");
    await expect(guns.getByRole("heading", { level: 1, name: "Ett" })).toBeFocused();
    await guns.keyboard.press("g");
    await guns.keyboard.press("a"); // which by itself would answer all
    await expect(guns.getByRole("heading", { level: 1, name: m("folder.archive") })).toBeFocused();
    await row(guns, "Två").focus();
    await guns.keyboard.press("#");
    await expect(row(guns, "Två")).toHaveCount(0);
    await guns.keyboard.press("z");
    await expect(row(guns, "Två")).toBeVisible();
  });

  test("answer nothing that lies in the trash", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await gun.terminal.move(await per.terminal.send({ to: [gun.address], subject: "Slängt", text: "Hej" }), "trash");
    const guns = await visit(gun);
    await goTo(guns, "trash", m);
    await open(guns, "Slängt");
    await guns.keyboard.press("r");
    await guns.keyboard.press("a");
    await guns.keyboard.press("u"); // works in a letter, and not where one writes
    await expect(row(guns, "Slängt")).toBeFocused();
  });

  test("answer the letter that is open, and send what was written", async ({ visit, newcomer, m }) => {
    const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
    await per.terminal.send({ to: [gun.address], subject: "Fråga", text: "Hinner du?" });
    const guns = await visit(gun);
    await row(guns, "Fråga").focus();
    await guns.keyboard.press("Enter");
    await expect(guns.getByRole("heading", { level: 1, name: "Fråga" })).toBeFocused();
    await guns.keyboard.press("r");
    await expect(guns.getByRole("heading", { level: 1, name: m("write.answer") })).toBeVisible();
    await expect(guns.getByRole("textbox", { name: m("write.text") })).toBeFocused();
    await guns.keyboard.type("Ja, c och j är bara bokstäver här.");
    await guns.keyboard.press("Control+Enter");
    await expect(guns.locator("h1:focus")).toHaveCount(1); // what one comes back to takes the focus, once
    await guns.getByRole("button", { name: m("outbox.now") }).press("Enter");
    await expect.poll(() => per.terminal.list()).toHaveLength(1);
    const [answer] = await per.terminal.list();
    expect((await per.terminal.read(answer?.id ?? "")).text).toContain("Ja, c och j är bara bokstäver här.");
  });

  test("are listed by ?, and can be turned off", async ({ visit, newcomer, m }) => {
    const guns = await visit(await newcomer("Gun Berg"));
    await guns.keyboard.press("?");
    const list = guns.getByRole("dialog", { name: m("keys.title") });
    for (const sentence of ["keys.write", "keys.next", "folder.sent", "action.undo", "letter.bin", "keys.panes"] as const) {
      await expect(list.getByText(m(sentence), { exact: true })).toBeVisible();
    }
    await list.getByRole("checkbox", { name: m("keys.on") }).uncheck();
    await guns.keyboard.press("Escape");
    await expect(list).toHaveCount(0);
    await guns.keyboard.press("c");
    await guns.keyboard.press("?");
    await expect(guns).toHaveURL("/mail/inbox");
    await expect(list).toHaveCount(0);
    await guns.reload();
    await expect(guns.getByRole("heading", { level: 1, name: m("folder.inbox") })).toBeVisible();
    await guns.keyboard.press("c");
    await expect(guns).toHaveURL("/mail/inbox");
  });

  test("lead past the folders to the contents", async ({ visit, newcomer, m }) => {
    const guns = await visit(await newcomer("Gun Berg"));
    await guns.reload();
    await expect(guns.getByRole("heading", { level: 1, name: m("folder.inbox") })).toBeVisible();
    await guns.keyboard.press("Tab");
    await expect(guns.getByRole("button", { name: m("app.skip") })).toBeFocused();
    await guns.keyboard.press("Enter");
    await expect(guns.getByRole("main")).toBeFocused();
  });
});

test("an authenticator app is added in eight steps, and its reserve kept, with a keyboard alone", async ({ visit, newcomer, server, m }) => {
  test.slow();
  const gun = await newcomer("Gun Berg");
  const page = await visit(gun);
  const press = async (name: string) => {
    await tabTo(page, page.getByRole("button", { name, exact: true }));
    await page.keyboard.press("Enter");
  };
  await page.goto("/settings/identity");
  await tabTo(page, page.getByRole("checkbox", { name: m("identity.installed") }));
  await page.keyboard.press("Space");
  const before = await server.messagesTo(gun.phone);
  await press(m("action.continue"));
  await expect(page.getByLabel(m("code.label"))).toBeFocused();
  await page.keyboard.type(await server.code(gun.phone, before));

  await expect(step(page, m("identity.scan_title"))).toBeFocused();
  await tabTo(page, page.getByText(m("identity.cannot_scan")));
  await page.keyboard.press("Enter");
  const app = new App((await page.getByLabel(m("identity.secret")).innerText()).replace(/\s/g, ""));
  await press(m("identity.added"));
  await expect(page.getByLabel(m("code.app_label"))).toBeFocused();
  await page.keyboard.type(app.next());

  await expect(step(page, m("identity.step_8"))).toBeFocused();
  await tabTo(page, page.getByRole("link", { name: m("codes.show") }));
  await page.keyboard.press("Enter");
  await press(m("codes.make"));
  await expect(step(page, m("codes.yours"))).toBeFocused();
  await tabTo(page, page.getByRole("checkbox", { name: m("codes.on_paper") }));
  await page.keyboard.press("Space");
  await press(m("action.done"));
  await expect(page.getByText(m("codes.left", { count: 10 }))).toBeVisible();
});

interface Scope {
  /** Whether the answer stood on the page when the call was made first. */
  answered: Promise<boolean>;
}

/** Runs in the page. */
function listenFor({ call, answer }: { call: string; answer: string }): void {
  const post = Worker.prototype.postMessage;
  (globalThis as unknown as Scope).answered = new Promise((resolve) => {
    Worker.prototype.postMessage = function (this: Worker, message: { call?: string }, ...rest: unknown[]) {
      if (message.call === call) resolve(document.querySelector(answer) !== null);
      Reflect.apply(post, this, [message, ...rest]);
    } as typeof post;
  });
}
