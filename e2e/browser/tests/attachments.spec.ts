// Files beside letters, from one device to another: whole, whatever happens on the way, and nothing that was not sent.
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { enter, fromMenu, unlock } from "../house/entering.ts";
import { clean, open as openLink } from "../house/guests.ts";
import { expect, type Newcomer, type Page, type Route, test } from "../house/test.ts";
import { NO_NETWORK, REFUSED } from "../house/watch.ts";
import type { Words } from "../house/words.ts";
import { fromLetterMenu, open, send, text, write } from "../house/writing.ts";

const PIECE = 8 * 1024 * 1024;

interface Made {
  path: string;
  name: string;
  bytes: Buffer;
}

/** A new folder, which goes when the test has passed. */
async function folder(): Promise<string> {
  await mkdir(test.info().outputDir, { recursive: true });
  return mkdtemp(join(test.info().outputDir, "files-"));
}

/** A file on the disk. */
async function made(name: string, size: number): Promise<Made> {
  const path = join(await folder(), name);
  const bytes = randomBytes(size);
  await writeFile(path, bytes);
  return { path, name, bytes };
}

async function attach(page: Page, files: Made[]): Promise<void> {
  await page.locator("input[type=file]").first().setInputFiles(files.map(({ path }) => path));
}

/** Nobody can press a button of the system's own question: it is saved as by a browser that has none. */
async function withoutPicker(page: Page): Promise<void> {
  await page.evaluate(() => Object.assign(window, { showSaveFilePicker: undefined }));
}

async function saved(page: Page, name: string, m: Words): Promise<Buffer> {
  await withoutPicker(page);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: m("files.get_named", { name }) }).click();
  return readFile(await (await download).path());
}

/** These files, whole, beside the newest letter to this person. */
async function arrived({ terminal }: Newcomer, ...files: Made[]): Promise<void> {
  const [letter] = await terminal.list();
  const paths = await terminal.save(letter?.id ?? "", await folder());
  expect(paths).toHaveLength(files.length);
  for (const [at, { name, bytes }] of files.entries()) expect(Buffer.compare(await readFile(paths[at] ?? ""), bytes), name).toBe(0);
}

test("files go with a letter, a name in any script and one of no bytes, and come out as they went in", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  const files = [await made("Läkarintyg åäö.pdf", 300_000), await made("tom.txt", 0), await made("röntgen.dcm", 2 * PIECE + 17)];
  await write(guns, { to: [per.address], subject: "Provsvar", text: "Se bilagorna." }, m);
  await attach(guns, files);
  for (const { name } of files) await expect(guns.getByText(name)).toBeVisible();
  await expect(guns.getByText(m("files.note_going"))).toHaveCount(0, { timeout: 60_000 });
  await clean(guns);
  await send(guns, m);

  await arrived(per, ...files);

  const pers = await visit(per);
  await open(pers, "Provsvar");
  await clean(pers);
  for (const { name, bytes } of files) expect(Buffer.compare(await saved(pers, name, m), bytes), name).toBe(0);
  await expect(pers.getByText(/\. Filen är hel\.|\. The file is whole\./u).first()).toBeVisible();
  await clean(pers);
});

test("fifty files and a large one go with a letter without a word", async ({ visit, newcomer, m }, { project }) => {
  test.skip(project.name === "phone", "it is as long there, and shows nothing else");
  test.slow();
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  const numbers = Array.from({ length: 50 }, (_, at) => made(`Bild ${String(at + 1)}.jpg`, 2_000_000));
  const files = [...(await Promise.all(numbers)), await made("Film.mp4", 100_000_000)];
  await write(guns, { to: [per.address], subject: "Bilderna", text: "" }, m);
  await attach(guns, files);
  await expect(guns.getByText(m("files.note_going"))).toHaveCount(0, { timeout: 120_000 });
  await send(guns, m);
  await arrived(per, ...files);
});

test("a letter that is passed on takes its files along, without sending them again", async ({ visit, newcomer, m }) => {
  const [gun, per, eva] = [await newcomer("Gun Berg"), await newcomer("Per Ek"), await newcomer("Eva Ek")];
  const file = await made("remiss.bin", 500_000);
  await gun.terminal.send({ to: [per.address], subject: "Remiss", text: "Se bilagan.", files: [file.path] });
  const pers = await visit(per);
  await open(pers, "Remiss");
  const sent: string[] = [];
  pers.on("request", (request) => request.method() === "PATCH" && request.url().includes("/blobs/") && sent.push(request.url()));
  await fromLetterMenu(pers, m("letter.forward"), m);
  await expect(pers.getByText("remiss.bin")).toBeVisible();
  await pers.getByRole("combobox", { name: m("write.to"), exact: true }).fill(eva.address);
  await pers.getByRole("combobox", { name: m("write.to"), exact: true }).press("Enter");
  await send(pers, m);
  expect(sent).toEqual([]);
  await arrived(eva, file);
});

test("a picture is seen small before any byte of it is fetched", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  const jpeg = await guns.evaluate(async () => {
    const canvas = new OffscreenCanvas(1_200, 800);
    const context = canvas.getContext("2d");
    for (const [at, colour] of ["teal", "gold", "navy", "coral"].entries()) {
      if (context) context.fillStyle = colour;
      context?.fillRect(at * 300, 0, 300, 800);
    }
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg" })).arrayBuffer())];
  });
  const [large, other] = [await made("Bild.jpg", 6_000_000), await made("Ingen.jpg", 6_000_000)];
  Buffer.from(jpeg).copy(large.bytes); // what follows a picture is no part of it
  await writeFile(large.path, large.bytes);
  await write(guns, { to: [per.address], subject: "Bilden", text: "Här." }, m);
  await attach(guns, [large, other]);
  await expect(guns.getByText(m("files.note_going"))).toHaveCount(0, { timeout: 60_000 });
  await send(guns, m);

  const pers = await visit(per);
  const fetched: string[] = [];
  pers.on("request", (request) => request.url().includes("/blobs/") && fetched.push(request.url()));
  await open(pers, "Bilden");
  const small = pers.getByRole("button", { name: "Bild.jpg" }).first().locator("img");
  await expect.poll(() => small.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])).toEqual([256, 171]);
  await expect(pers.getByRole("img"), "what is no picture has none").toHaveCount(0);
  expect(fetched).toEqual([]);
  await clean(pers);
  await pers.getByRole("button", { name: "Bild.jpg" }).first().click();
  const shown = pers.getByRole("dialog").getByRole("img");
  await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1_200);
  await arrived(per, large, other);
});

test("a network that is lost twenty times loses nothing of a file", async ({ visit, newcomer, m }, { project }) => {
  test.skip(project.name === "phone", "it is as long there, and shows nothing else");
  test.slow();
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  const file = await made("film.bin", 6 * PIECE);
  let cut = 0;
  let asked = 0;
  await guns.context().route("**/api/v1/blobs/*", (route) => {
    // Every other piece is lost, on its way there or on its way back.
    if (route.request().method() !== "PATCH" || cut === 20 || ++asked % 2 === 0) return route.continue();
    cut += 1;
    return route.abort("connectionreset");
  });
  await write(guns, { to: [per.address], subject: "Filmen", text: "Här." }, m);
  await attach(guns, [file]);
  await expect(guns.getByText(m("files.note_going"))).toHaveCount(0, { timeout: 120_000 });
  expect(cut).toBe(20);
  await send(guns, m);
  await arrived(per, file);
});

test("a tab that was closed in the middle of a file goes on where it was", async ({ visit, newcomer, m }) => {
  test.slow();
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  const file = await made("film.bin", 4 * PIECE);
  let pieces = 0;
  let sent = 0;
  let away = false;
  await guns.context().route("**/api/v1/blobs/*", (route) => {
    if (route.request().method() !== "PATCH") return route.continue();
    if (away || (pieces += 1) === 4) {
      away = true;
      return route.abort("connectionreset");
    }
    sent += route.request().postDataBuffer()?.length ?? 0;
    return route.continue();
  });
  await write(guns, { to: [per.address], subject: "Filmen", text: "Här." }, m);
  await attach(guns, [file]);
  await expect(guns.getByText(m("files.offline", { part: "" }).slice(2)).first()).toBeVisible({ timeout: 30_000 });
  expect(away).toBe(true);
  await expect.poll(() => new URL(guns.url()).hash).not.toBe("");

  guns.on("dialog", (dialog) => void dialog.accept());
  await guns.reload();
  await expect(guns.getByText(m("files.elsewhere_more"))).toBeVisible();
  [away, pieces] = [false, 100];
  const before = sent;
  expect(before).toBeGreaterThan(PIECE / 2);
  await guns.locator("input[type=file]").nth(1).setInputFiles(file.path);
  await expect(guns.getByText(m("files.note_going"))).toHaveCount(0, { timeout: 60_000 });
  expect(sent, "what was there was not sent again").toBeLessThan(file.bytes.length * 1.2);
  expect(sent - before).toBeLessThan(file.bytes.length);
  await send(guns, m);
  await arrived(per, file);
});

test("a lock in the middle of a file stops it, and it goes on when the mailbox is open again", async ({ visit, newcomer, m }, { project }) => {
  test.skip(project.name === "phone", "the page to write on has no menu there");
  test.slow();
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  const file = await made("film.bin", 3 * PIECE);
  let slow = true;
  await guns.context().route("**/api/v1/blobs/*", async (route) => {
    if (slow && route.request().method() === "PATCH") await new Promise((resolve) => setTimeout(resolve, 2_000));
    await route.continue().catch(() => undefined); // the page may have given it up
  });
  await write(guns, { to: [per.address], subject: "Filmen", text: "Här." }, m);
  await attach(guns, [file]);
  await expect(guns.getByText(m("files.note_going"))).toBeVisible();
  await expect.poll(() => new URL(guns.url()).hash).not.toBe("");
  await guns.waitForTimeout(2_500);
  await fromMenu(guns, m("app.lock"), m);
  await unlock(guns, gun.password, m);
  await expect(guns.getByText("film.bin")).toBeVisible();
  slow = false;
  await expect(guns.getByText(m("files.note_going"))).toHaveCount(0, { timeout: 60_000 });
  await expect(guns.getByText(m("files.elsewhere_more"))).toHaveCount(0);
  await send(guns, m);
  await arrived(per, file);
});

test("a letter that was sent before its file was up goes when the mailbox is open again after a lock", async ({ visit, newcomer, m }) => {
  test.slow();
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  const [small, large] = [await made("liten.txt", 1_000), await made("film.bin", 2 * PIECE)];
  let shut = true;
  await guns.context().route("**/api/v1/blobs/*", async (route) => {
    const request = route.request();
    // The small one comes through.
    while (shut && request.method() === "PATCH" && (request.postDataBuffer()?.length ?? 0) > 100_000) await new Promise((resolve) => setTimeout(resolve, 50));
    await route.continue().catch(() => undefined); // it may have been given up
  });
  await write(guns, { to: [per.address], subject: "Filmen", text: "Här." }, m);
  await attach(guns, [small, large]);
  await guns.getByRole("button", { name: m("write.send") }).click();
  await expect(guns.getByText(m("outbox.waits_for_files"))).toBeVisible();
  await fromMenu(guns, m("app.lock"), m);
  await unlock(guns, gun.password, m);
  await expect(guns.getByText(m("outbox.waits_for_files"))).toBeVisible();
  shut = false;
  const released = guns.context().waitForEvent("response", (response) => response.url().endsWith("/release"));
  await guns.getByRole("button", { name: m("outbox.now") }).click();
  await released;
  await arrived(per, small, large);
});

test("a server that starts anew five times, a closed tab, a lock and a session that ends lose nothing of a file", async ({ visit, newcomer, server, m, watch }, { project }) => {
  test.skip(project.name === "phone", "the page to write on has no menu there");
  test.slow();
  watch.expect(NO_NETWORK, REFUSED);
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const guns = await visit(gun);
  const file = await made("film.bin", 6 * PIECE);
  // So many pieces may go to the server; the next one waits for the test, or is lost with what `away` says is gone.
  let free = 1;
  let waiting = new Set<Route>();
  await guns.context().route("**/api/v1/blobs/*", async (route) => {
    if (route.request().method() === "PATCH") {
      const here = waiting.add(route);
      while (free <= 0 && here === waiting) await new Promise((resolve) => setTimeout(resolve, 50));
      if (here !== waiting) return route.abort().catch(() => undefined);
      here.delete(route);
      free -= 1;
    }
    return route.continue().catch(() => undefined); // whoever asked may be gone
  });
  const away = () => (waiting = new Set());
  const oneWaits = () => expect.poll(() => waiting.size, { timeout: 60_000 }).toBeGreaterThan(0);
  const oneMore = async (): Promise<void> => {
    await oneWaits();
    free += 1;
    await expect.poll(() => free).toBe(0);
    await oneWaits();
  };
  const goOn = () => guns.locator("input[type=file]").nth(1).setInputFiles(file.path);
  guns.on("dialog", (dialog) => void dialog.accept());

  await write(guns, { to: [per.address], subject: "Filmen", text: "Här." }, m);
  await attach(guns, [file]);
  await oneMore();
  for (let starts = 0; starts < 5; starts++) {
    await server.stop();
    free += 1; // the piece that waited meets nobody
    await expect(guns.getByText(m("files.offline", { part: "" }).slice(2)).first()).toBeVisible({ timeout: 30_000 });
    await server.again();
    await oneMore();
  }
  await expect.poll(() => new URL(guns.url()).hash).not.toBe("");
  const draft = guns.url();

  await guns.reload();
  await expect(guns.getByText(m("files.elsewhere_more"))).toBeVisible();
  away();
  await goOn();
  await oneMore();

  await fromMenu(guns, m("app.lock"), m);
  await unlock(guns, gun.password, m);
  await expect(guns.getByText("film.bin")).toBeVisible();
  away();
  await oneMore();

  await guns.context().clearCookies();
  free = 1_000;
  await expect(guns.getByRole("heading", { level: 1, name: m("title.sign_in") })).toBeVisible({ timeout: 30_000 });
  await enter(guns, server, gun, m, { keep: true });
  await expect(guns, "where she was").toHaveURL(draft);
  await expect(guns.getByText(m("files.elsewhere_more"))).toBeVisible();
  await goOn();
  await expect(guns.getByText(m("files.note_going"))).toHaveCount(0, { timeout: 120_000 });
  await send(guns, m);
  await arrived(per, file);
});

test("what is not the file that was sent is called that, and is not saved", async ({ visit, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  const file = await made("intyg.bin", 400_000);
  await gun.terminal.send({ to: [per.address], subject: "Intyg", text: "Se bilagan.", files: [file.path] });
  const pers = await visit(per);
  await open(pers, "Intyg");
  await pers.context().route("**/api/v1/blobs/*", async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[body.length - 20] = (body[body.length - 20] ?? 0) ^ 1;
    await route.fulfill({ response, body });
  });
  await withoutPicker(pers);
  let downloads = 0;
  pers.on("download", () => (downloads += 1));
  await pers.getByRole("button", { name: m("files.get_named", { name: file.name }) }).click();
  await expect(pers.getByText(m("files.not_the_file", { from: gun.name })).first()).toBeVisible();
  expect(downloads).toBe(0);
  await expect(text(pers)).toContainText("Se bilagan.");
  await clean(pers);
});

test("who came by a link saves a file, and answers with one", async ({ page, newcomer, stranger, server, m }) => {
  const [anna, eva] = [await newcomer("Anna Berg"), stranger("Eva Ek")];
  const file = await made("Kallelse.bin", 900_000);
  const link = await anna.terminal.invite(eva, { subject: "Ditt provsvar", text: "Hej Eva!\n\nProverna ser bra ut.", files: [file.path] });
  await page.goto(link ?? "");
  await openLink(page, server, eva, m);
  expect(Buffer.compare(await saved(page, file.name, m), file.bytes)).toBe(0);
  await clean(page);
  const answer = await made("svar.bin", 1_200_000);
  await page.getByRole("button", { name: m("guest.answer", { from: anna.name }) }).click();
  await attach(page, [answer]);
  await page.getByLabel(m("guest.your_answer")).fill("Se bilagan.");
  await clean(page);
  await page.getByRole("button", { name: m("guest.send_answer") }).click();
  await expect(page.getByText(m("guest.sent", { from: anna.name }))).toBeVisible();
  await arrived(anna, answer);
});
