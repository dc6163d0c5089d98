// ID-kontroll: an authenticator app in eight steps, codes on paper, a reserve phone, and the way back when the app is lost.
import { addApp, App, appOnPage, makeCodes, step } from "../house/authenticator.ts";
import { violations } from "../house/axe.ts";
import { enterCode, inMailbox, problem, prove, signOut } from "../house/entering.ts";
import { expect, type Page, test } from "../house/test.ts";
import { REFUSED } from "../house/watch.ts";

const RESERVE = "+46701740633";

async function clean(page: Page): Promise<void> {
  expect(await violations(page)).toEqual([]);
}

test("an app is added in eight steps, and the SMS stays a way in until it has shown a code", async ({ visit, newcomer, server, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  const page = await visit(gun);
  await page.goto("/settings/identity");
  await expect(page.getByText(m("identity.sms_weak"))).toBeVisible();
  await page.getByRole("button", { name: m("action.continue") }).click();
  await expect(problem(page).first()).toContainText(m("identity.installed_missing"));
  await page.getByRole("checkbox", { name: m("identity.installed") }).check();
  const before = await server.messagesTo(gun.phone);
  await page.getByRole("button", { name: m("action.continue") }).click();

  await expect(step(page, m("identity.authorise"))).toBeVisible();
  await clean(page);
  await enterCode(page, await server.code(gun.phone, before), m);
  await expect(step(page, m("identity.scan_title"))).toBeVisible();
  await expect(page.getByRole("img", { name: m("identity.qr") })).toBeVisible();
  const app = await appOnPage(page, m);
  await clean(page);
  await page.getByRole("button", { name: m("identity.added") }).click();

  const code = page.getByLabel(m("code.app_label"));
  await expect(code).toBeFocused();
  await code.fill(app.next() === "000000" ? "111111" : "000000");
  await expect(problem(page).first()).toContainText(m("problem.code_refused"));
  await code.fill(app.same());

  await expect(step(page, m("identity.step_8"))).toBeFocused();
  await expect(page.getByText(m("identity.no_reserve"))).toBeVisible();
  await clean(page);
  await expect.poll(() => server.newestTo(gun.phone)).toMatch(/autentiseringsapp|authenticator app/);
});

test("the reserve is a phone that was proved and ten codes that are printed once", async ({ visit, newcomer, server, m }) => {
  const gun = await newcomer("Gun Berg");
  const page = await visit(gun);
  await addApp(page, server, gun, m);
  await page.getByRole("link", { name: m("identity.add"), exact: true }).click();
  await page.getByLabel(m("register.phone")).fill(RESERVE);
  const before = await server.messagesTo(RESERVE);
  await page.getByRole("button", { name: m("register.send_sms") }).click();
  await clean(page);
  await enterCode(page, await server.code(RESERVE, before), m);
  await expect(page.getByText(m("identity.reserve_ends", { ends: "33" }))).toBeVisible();
  await expect(page.getByText(m("identity.no_reserve"))).toHaveCount(0);

  await page.getByRole("link", { name: m("codes.show") }).click();
  await page.getByRole("button", { name: m("codes.make") }).click();
  await expect(step(page, m("codes.yours"))).toBeVisible();
  const codes = page.getByRole("list", { name: m("codes.title") }).getByRole("listitem");
  await expect(codes).toHaveCount(10);
  const [first = ""] = await codes.allInnerTexts();
  expect(first).toMatch(/[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}/);
  await clean(page);
  await page.emulateMedia({ media: "print" });
  await expect(page.locator("[data-paper]")).toContainText(first.trim());
  await expect(page.getByRole("button", { name: m("action.done") })).toBeHidden();
  await page.emulateMedia({ media: "screen" });
  await page.getByRole("button", { name: m("action.done") }).click();
  await expect(problem(page).first()).toContainText(m("codes.not_on_paper"));
  await page.getByRole("checkbox", { name: m("codes.on_paper") }).check();
  await page.getByRole("button", { name: m("action.done") }).click();
  await expect(page.getByText(m("codes.left", { count: 10 }))).toBeVisible();
  await page.goBack();
  await expect(page.getByText(first.trim())).toHaveCount(0);
});

test("whoever has an app signs in by it, without an SMS, and each code once", async ({ visit, newcomer, server, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  const page = await visit(gun);
  const app = await addApp(page, server, gun, m);
  await signOut(page, m);
  const before = await server.messagesTo(gun.phone);
  await page.goto("/sign-in");
  await prove(page, gun, m);
  const code = page.getByLabel(m("code.app_label"));
  await expect(code).toBeFocused();
  await clean(page);
  await code.fill(app.same());
  await expect(problem(page).first()).toContainText(m("problem.code_used"));
  expect(await server.messagesTo(gun.phone), "that a device is new is told once it is in").toBe(before);
  await code.fill(app.next());
  await inMailbox(page, m);

  const notice = page.getByText(m("identity.no_reserve"));
  await expect(notice).toBeVisible();
  await clean(page);
  await page.getByRole("button", { name: m("identity.not_now") }).click();
  await expect(notice).toHaveCount(0);
});

test("a code on paper opens once, and says how many are left", async ({ visit, newcomer, server, m, watch }) => {
  watch.expect(REFUSED);
  const gun = await newcomer("Gun Berg");
  const page = await visit(gun);
  await addApp(page, server, gun, m);
  const older = await makeCodes(page, m);
  const codes = await makeCodes(page, m);
  const byPaper = async (typed: string) => {
    await signOut(page, m);
    await page.goto("/sign-in");
    await prove(page, gun, m);
    await page.getByRole("button", { name: m("choose.another") }).click();
    await page.getByRole("button", { name: m("choose.one_time_code") }).click();
    await page.getByLabel(m("code.paper_label")).fill(typed);
    await page.getByRole("button", { name: m("action.continue") }).click();
  };
  await byPaper(codes[0]?.toLowerCase().replaceAll("-", " ") ?? "");
  await inMailbox(page, m);
  await expect(page.getByText(m("codes.left_sentence", { count: 9 }))).toBeVisible();
  await clean(page);

  await byPaper(codes[0] ?? "");
  await expect(problem(page).first()).toContainText(m("problem.code_used"));
  await page.getByLabel(m("code.paper_label")).fill(older[0] ?? "");
  await page.getByRole("button", { name: m("action.continue") }).click();
  await expect(problem(page).first()).toContainText(m("problem.older_sheet"));
  await page.getByLabel(m("code.paper_label")).fill("ABCD");
  await page.getByRole("button", { name: m("action.continue") }).click();
  await expect(problem(page).first()).toContainText(m("problem.one_time_code_length"));
  await page.getByLabel(m("code.paper_label")).fill(codes[1] ?? "");
  await page.getByRole("button", { name: m("action.continue") }).click();
  await inMailbox(page, m);
});

test("whoever has two codes left is told to make new ones", async ({ visit, newcomer, m }) => {
  const gun = await newcomer("Gun Berg");
  const page = await visit(gun);
  await makeCodes(page, m);
  const leaves = async (left: number) => {
    await page.context().route("**/api/v1/factors", async (route) => {
      const answer = await route.fetch();
      const { factors } = (await answer.json()) as { factors: { kind: string; left?: number }[] };
      await route.fulfill({ response: answer, json: { factors: factors.map((factor) => (factor.kind === "one-time-codes" ? { ...factor, left } : factor)) } });
    }, { times: 1 });
    await page.goto("/settings/identity");
    await expect(page.getByText(m("codes.left", { count: left }))).toBeVisible();
  };
  await leaves(3);
  await expect(page.getByText(m("codes.few"))).toHaveCount(0);
  await leaves(2);
  await expect(page.getByText(m("codes.few"))).toBeVisible();
  await clean(page);
});

test("a lost app is taken away by the reserve, and another one takes its place", async ({ visit, newcomer, server, m }) => {
  const gun = await newcomer("Gun Berg");
  const page = await visit(gun);
  await addApp(page, server, gun, m);
  const [code = ""] = await makeCodes(page, m);
  await signOut(page, m);
  await page.goto("/sign-in");
  await prove(page, gun, m);
  await page.getByRole("button", { name: m("lost_app.title") }).click();
  await page.getByRole("button", { name: m("choose.one_time_code") }).click();
  await page.getByLabel(m("code.paper_label")).fill(code);
  await page.getByRole("button", { name: m("action.continue") }).click();

  await expect(step(page, m("lost_app.title"))).toBeVisible();
  await clean(page);
  await page.getByRole("button", { name: m("lost_app.remove") }).click();
  await expect(page.getByText(m("lost_app.removed"))).toBeVisible();
  await page.getByRole("checkbox", { name: m("identity.installed") }).check();
  await page.getByRole("button", { name: m("action.continue") }).click();
  await expect(step(page, m("identity.scan_title"))).toBeVisible();
  const app: App = await appOnPage(page, m);
  await page.getByRole("button", { name: m("identity.added") }).click();
  await page.getByLabel(m("code.app_label")).fill(app.next());
  await expect(step(page, m("identity.step_8"))).toBeVisible();
  await signOut(page, m);
  await page.goto("/sign-in");
  await prove(page, gun, m);
  await page.getByLabel(m("code.app_label")).fill(app.next());
  await inMailbox(page, m);
});

test("a new number is proved, and the old one is told", async ({ visit, newcomer, server, m }) => {
  const gun = await newcomer("Gun Berg");
  const page = await visit(gun);
  await page.goto("/settings/identity");
  await page.getByRole("link", { name: m("identity.replace_number") }).click();
  await page.getByLabel(m("register.phone")).fill(RESERVE);
  const before = await server.messagesTo(RESERVE);
  await page.getByRole("button", { name: m("register.send_sms") }).click();
  await enterCode(page, await server.code(RESERVE, before), m);
  await expect(page.getByText(m("identity.phone_ends", { ends: "33" }))).toBeVisible();
  await expect.poll(() => server.newestTo(gun.phone)).toMatch(/mobilnummer|mobile number/);
});
