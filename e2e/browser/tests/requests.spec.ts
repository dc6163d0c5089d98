// What a letter costs: what the page asks the server for when one is sent and when one is opened, and nothing else.
import type { Page } from "@playwright/test";
import { expect, test } from "../house/test.ts";
import { open, readers, row, send, write } from "../house/writing.ts";

const ID = /[0-9a-f]{8}-[0-9a-f-]{27}/g;

/** What is asked of the server from now on, with `ID` for each id and without what follows a `?`. */
function asked(page: Page): string[] {
  const all: string[] = [];
  page.context().on("request", (request) => {
    const [, path] = new URL(request.url()).pathname.split("/api/v1");
    if (path !== undefined) all.push(`${request.method()} ${path.replaceAll(ID, "ID")}`);
  });
  return all;
}

/** Nothing more is asked for. */
async function quiet(page: Page, requests: string[]): Promise<void> {
  for (let before = -1; before !== requests.length; ) {
    before = requests.length;
    await page.waitForTimeout(3_000); // longer than a draft waits for the server
  }
}

test("a letter to a known reader is looked up once, saved while it is written, and posted", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const page = await visit(gun);
  const requests = asked(page);
  await write(page, { to: [per.address], subject: "Det första", text: "Hej." }, m);
  await send(page, m);
  await quiet(page, requests);

  requests.length = 0;
  await write(page, { to: [per.address], subject: "Det andra", text: "Hej igen." }, m);
  await expect(readers(page, m)).toContainText(m("key.known"));
  await quiet(page, requests);
  expect(new Set(requests), "nobody is asked what this device wrote").toEqual(new Set(["POST /directory/look-ups", "PUT /records/ID"]));
  expect(requests.filter((request) => request.startsWith("POST"))).toHaveLength(1);

  requests.length = 0;
  await send(page, m);
  await quiet(page, requests);
  // It is held, then released, and each is a change that the sender's devices hear of.
  expect(requests.filter((request) => request.startsWith("POST"))).toEqual(["POST /letters", "POST /letters/release"]);
  expect(new Set(requests)).toEqual(new Set(["POST /letters", "POST /letters/release", "GET /changes"]));
  expect(requests.length).toBeLessThanOrEqual(4);
});

test("a letter that is opened is fetched once, marked, and told of", async ({ visit, newcomer }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const page = await visit(gun);
  const requests = asked(page);
  await per.terminal.send({ to: [gun.address], subject: "Hej", text: "Hej." });
  await expect(row(page, "Hej")).toBeVisible();
  await quiet(page, requests);

  requests.length = 0;
  await open(page, "Hej");
  await quiet(page, requests);
  expect(requests.toSorted()).toEqual([
    "GET /changes",
    "GET /letters/ID/content",
    "PATCH /letters/ID",
    "POST /letters/ID/receipt",
    "PUT /records/ID", // the key of its sender is met, and written into the contacts
  ]);
});
