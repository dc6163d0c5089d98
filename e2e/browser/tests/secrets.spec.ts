// Nothing secret outside the Workers: keys never, and nothing of a letter or a password once the mailbox is locked or left.
import { decryptKey, readPrivateKey } from "@protontech/openpgp";
import { enterCode, fromMenu, inMailbox, isPhone, proved, signOut, unlock } from "../house/entering.ts";
import { Memory } from "../house/memory.ts";
import { keptBy } from "../house/storage.ts";
import { accountSecret, holds, tap } from "../house/tapped.ts";
import { expect, type Page, test } from "../house/test.ts";
import type { Terminal } from "../house/terminal.ts";
import { open } from "../house/writing.ts";

const LETTER = { subject: "Ärende Bergsväg", text: "Koden till porten är kastanj-sjutton." };

/** What the other implementation makes of the seed of the reading key; ours makes it anew for each letter. */
const EXPANDED = "mlkemSecretKey";

/** Named, in every form that a string or a buffer of a page could have. */
type Secrets = Record<string, string[]>;

function formsOf(bytes: Buffer): string[] {
  const hex = bytes.toString("hex");
  return [bytes.toString("latin1"), hex, hex.toUpperCase(), bytes.toString("base64"), bytes.toString("base64url")];
}

/** The secret parts of the private key, taken out of the form in which it leaves for other programs. */
async function privateKey(terminal: Terminal): Promise<Record<string, Buffer>> {
  const passphrase = "en lösenfras bara för det här";
  const locked = await readPrivateKey({ armoredKey: await terminal.secretKey(passphrase) });
  const key = await decryptKey({ privateKey: locked, passphrase });
  const [signing, reading] = [key.keyPacket, key.subkeys[0]?.keyPacket].map(
    (packet) => (packet as unknown as { privateParams: Record<string, Uint8Array> }).privateParams,
  );
  const parts = Object.entries({ ...signing, ...reading }).filter(([, bytes]) => bytes instanceof Uint8Array);
  return Object.fromEntries(parts.map(([name, bytes]) => [name, Buffer.from(bytes)]));
}

function found(secrets: Secrets, where: string): string[] {
  return Object.entries(secrets).flatMap(([name, forms]) => (forms.some((form) => where.includes(form)) ? [name] : []));
}

/** Everything that the page remembers, and everything that it left in the browser. */
async function rememberedBy(page: Page): Promise<string> {
  const memory = await Memory.of(page);
  expect(await memory.count("WebAssembly.Memory.prototype"), "the page runs no WebAssembly").toBe(0);
  const kept = (await keptBy(page)).map(({ where, key, value }) => `${where} ${key} ${value}`);
  return `${await memory.everything()}\n${kept.join("\n")}`;
}

/** What was drawn last may be let go a moment after what replaced it is there. */
async function forgets(page: Page, secrets: Secrets): Promise<void> {
  await expect.poll(async () => found(secrets, await rememberedBy(page)), { timeout: 20_000 }).toEqual([]);
}

test("the page holds no key at any time, and after lock and sign-out no word of a letter", async ({ page, server, newcomer, m }) => {
  const [gun, per] = [await newcomer("Gun Berg"), await newcomer("Per Ek")];
  await per.terminal.send({ to: [gun.address], ...LETTER });
  const keyParts = await privateKey(gun.terminal);

  const code = await proved(page, server, gun, m);
  const worker = await tap(page);
  await enterCode(page, code, m);
  await inMailbox(page, m);
  const account = await accountSecret(worker);

  const never: Secrets = {
    password: [gun.password],
    "recovery code": [gun.recoveryCode, gun.recoveryCode.replaceAll("-", ""), gun.recoveryCode.replaceAll("-", " ")],
    "account secret": formsOf(account),
    ...Object.fromEntries(Object.entries(keyParts).map(([name, bytes]) => [`private key, ${name}`, formsOf(bytes)])),
  };
  const whileOpen: Secrets = { "letter's text": [LETTER.text], "letter's subject": [LETTER.subject] };

  await open(page, LETTER.subject);
  const opened = await rememberedBy(page);
  expect(found(whileOpen, opened), "the search finds what is there").toEqual(Object.keys(whileOpen));
  for (const [name, bytes] of Object.entries({ account, ...keyParts })) {
    if (name === EXPANDED) continue;
    expect(await holds(worker, bytes), `the Worker has ${name}, and the search finds it`).toBe(true);
  }
  expect(found(never, opened)).toEqual([]);

  await fromMenu(page, m("app.lock"), m);
  await expect(page.getByRole("heading", { level: 1, name: m("locked.title") })).toBeVisible();
  await forgets(page, { ...never, ...whileOpen });

  await unlock(page, gun.password, m);
  if (isPhone(page)) await open(page, LETTER.subject); // elsewhere it stands where it stood
  await expect(page.getByRole("article")).toContainText(LETTER.text);
  await signOut(page, m);
  await expect(page).toHaveURL("/sign-in");
  await forgets(page, { ...never, ...whileOpen });
});
