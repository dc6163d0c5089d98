// Letters that broke other readers: very long ones, ones that run the other way, ones that lead somewhere.
import { expect, test } from "../house/test.ts";
import { open, row, text } from "../house/writing.ts";

test("a line as long as a letter may be is shown", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const page = await visit(gun);
  await per.terminal.send({ to: [gun.address], subject: "Lång", text: `${"x".repeat(249_000)}\n\nSlut` });
  await expect(row(page, "Lång")).toBeVisible();
  await open(page, "Lång");
  await text(page).getByText("Slut").scrollIntoViewIfNeeded();
  await expect(text(page).getByText("Slut")).toBeInViewport();
  await expect(page.getByText(m("seal.new"))).toBeAttached();
});

test("a letter from right to left runs that way, and turns nothing around it", async ({ visit, newcomer }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const hebrew = "שלום, התור שלך ב־10:30";
  await per.terminal.send({ to: [gun.address], subject: hebrew, text: `${hebrew}\n\nOch på svenska.` });
  await per.terminal.send({ to: [gun.address], subject: "Faktura\u202etxt.exe", text: "Hej" });
  const guns = await visit(gun);
  await expect(row(guns, "Fakturatxt.exe"), "in the order in which it is read").toBeVisible();
  await open(guns, hebrew);
  const direction = (words: string) => text(guns).getByText(words).last().evaluate((element) => getComputedStyle(element).direction);
  expect(await direction(hebrew)).toBe("rtl");
  expect(await direction("Och på svenska.")).toBe("ltr");
  expect(await text(guns).getByRole("heading", { level: 1 }).evaluate((heading) => getComputedStyle(heading).direction)).toBe("rtl");
  await guns.goto("/mail/inbox"); // a phone shows one thing at a time
  await open(guns, "Fakturatxt.exe");
});

test("an address in a letter can be pressed, and nothing is fetched before", async ({ visit, newcomer }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], subject: "Länk", text: "Se https://exempel.example/tid?x=1. Inte javascript:alert(1), och inte https://bank.example@ond.example/." });
  const guns = await visit(gun);
  const asked: string[] = [];
  guns.context().on("request", (request) => void asked.push(new URL(request.url()).host));
  await open(guns, "Länk");
  const links = text(guns).locator(".prose").getByRole("link");
  await expect(links).toHaveText(["https://exempel.example/tid?x=1", "https://bank.example@ond.example/"]);
  await expect(links.first()).toHaveAttribute("rel", "noopener noreferrer");
  await expect(text(guns)).toContainText("https://bank.example@ond.example/ (ond.example)");
  expect(new Set(asked)).toEqual(new Set([new URL(guns.url()).host]));
});
