// What a letter costs the server: what the page asks for when one is sent and when one is opened, and nothing else.
import type { Page } from "@playwright/test";
import { expect, test } from "../house/test.ts";
import { open, readers, row, send, write } from "../house/writing.ts";

const ID = /[0-9a-f]{8}-[0-9a-f-]{27}/g;

/** What is asked of the server from now on, with `ID` for each id and without what follows a `?`. */
function asked(page: Page): string[] {
  const all: string[] = [];
  page.context().on("request", (request) => {
    const { pathname } = new URL(request.url());
    const [, path] = pathname.split("/api/v1");
    if (path !== undefined) all.push(`${request.method()} ${path.replaceAll(ID, "ID")}`);
  });
  return all;
}

test("a letter to a known reader is looked up, drafted, posted and heard of", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const page = await visit(gun);
  await write(page, { to: [per.address], subject: "Det första", text: "Hej." }, m);
  await send(page, m);
  await page.waitForLoadState("networkidle");

  const requests = asked(page);
  await write(page, { to: [per.address], subject: "Det andra", text: "Hej igen." }, m);
  await expect(readers(page, m)).toContainText(m("key.known"));
  await send(page, m);
  await page.waitForTimeout(5000);
  console.log("SENT", requests);
});

test("a letter that is opened is fetched once", async ({ visit, newcomer }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const page = await visit(gun);
  await per.terminal.send({ to: [gun.address], subject: "Hej", text: "Hej." });
  await expect(row(page, "Hej")).toBeVisible();
  await page.waitForTimeout(3000);
  const requests = asked(page);
  await open(page, "Hej");
  await page.waitForTimeout(5000);
  console.log("OPENED", requests);
});
