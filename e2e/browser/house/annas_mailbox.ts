// A doctor's mailbox on an ordinary morning: what the pages are looked at with, by axe, by ruler and by eye.
import { expect, type Page } from "@playwright/test";
import { signIn } from "./entering.ts";
import type { Person, Server } from "./server.ts";
import { Terminal } from "./terminal.ts";
import type { Words } from "./words.ts";
import { write } from "./writing.ts";

export interface Doctor extends Person {
  terminal: Terminal;
}

/** The letter that lies open in the pictures. */
export const OPEN_LETTER = "Provsvar och nästa steg";
export const TOLD_LETTER = "Tid för samtal";
export const COMPARED = "maria@demo.example";
export const KNOWN = "karin@demo.example";
/** Writes for the first time; reading the letter makes the key a known one. */
export const NEW = "elif@demo.example";

const OTHERS = [
  { name: "Maria Öberg", address: COMPARED, phone: "+46701740671" },
  { name: "Karin Åström", address: KNOWN, phone: "+46701740672" },
  { name: "Advokatbyrån Sund & Vik", address: "kontakt@sundvik.example", phone: "+46701740673" },
].map((person) => ({ ...person, password: "ullvante lagun tegelugn" }));

/** Letters from before, so that people know each other's keys; they lie in the trash now. */
const BINNED: Record<string, [subject: string, text: string]> = {
  bjorn: ["Gammal kallelse", "Kallelsen gäller inte längre, ny tid kommer i ett eget brev."],
  maria: ["Avbokning", "Jag måste tyvärr avboka på torsdag."],
  karin: ["Blankett", "Här är blanketten ifylld."],
  kontakt: ["Fullmakt", "Fullmakten kommer med posten."],
  mottagning: ["Test", "Fungerar det här?"],
};

/** Writes and reads everything, as those people would: each at a terminal of their own. */
export async function furnish(server: Server): Promise<Doctor> {
  const [anna, ...known] = await Promise.all(
    ["anna", "bjorn", "elif", "mottagning"].map(async (named) => {
      const person = await server.person(named);
      return { ...person, terminal: await Terminal.signedIn(server, person) };
    }),
  );
  const registered = await Promise.all(
    OTHERS.map(async (person) => ({ ...person, ...(await Terminal.registered(server, person)) })),
  );
  if (!anna) throw new Error("there is no Anna in the demo");
  const people = new Map([...known, ...registered].map((person) => [person.address.split("@")[0] ?? "", person.terminal]));
  const terminal = (named: string) => people.get(named) ?? anna.terminal;
  const toAnna = (from: string, subject: string, text: string, answers?: string) =>
    terminal(from).send({ to: [anna.address], subject, text, ...(answers === undefined ? {} : { answers }) });

  for (const [from, [subject, text]] of Object.entries(BINNED)) {
    const id = await toAnna(from, subject, text);
    await anna.terminal.read(id);
    await anna.terminal.move(id, "trash");
  }
  const asked = await toAnna("maria", TOLD_LETTER, "Torsdag klockan tio passar mig bra. Kan min dotter vara med?");
  const certificate = await toAnna(
    "karin",
    "Intyg till Försäkringskassan",
    "Jag har fyllt i min del. Räcker det att jag skickar in den så här, eller ska du skriva under igen?",
  );
  await toAnna("elif", "Bilder på utslaget", "Hej! Utslaget har inte blivit bättre. Salvan är slut sedan i fredags.");
  for (const id of [asked, certificate]) await anna.terminal.read(id);
  const told = await anna.terminal.send({
    to: [COMPARED, KNOWN],
    subject: TOLD_LETTER,
    text: "Hej!\n\nTorsdag klockan tio är bokad i rum 4. Marias dotter är välkommen. Ta med listan över mediciner, så går vi igenom den tillsammans.\n\nHälsningar\nAnna",
    answers: asked,
  });
  await terminal("maria").read(told);
  const results = await anna.terminal.send({
    to: ["bjorn@demo.example"],
    subject: OPEN_LETTER,
    text: "Hej Björn! Dina prover ser bra ut. Blodtrycket ligger lite högt, så jag vill att du mäter det varje morgon den här veckan.\n\nHälsningar\nAnna",
  });
  await terminal("bjorn").read(results);
  await toAnna("mottagning", "Schema för vecka 49", "Hej! Torsdagens mottagning börjar en halvtimme senare, eftersom vi provar de nya larmen klockan åtta.");
  await toAnna("kontakt", "Begäran om journalkopia", "Hej Anna, vi företräder Gun Ek och ber om en kopia av journalen. Fullmakt har du fått.");
  await toAnna(
    "bjorn",
    OPEN_LETTER,
    "Tack Anna. Jag har mätt blodtrycket varje morgon nu och skrivit upp det på ett papper. Det ligger mellan 138 och 146 det övre. Min fru säger att jag ska sluta med kaffet, men jag vill höra vad du säger först.\n\nSka jag komma in på fredag eller räcker det att vi hörs här?\n\nHälsningar\nBjörn",
    results,
  );
  return anna;
}

/** What only the page can do: a key is compared, a letter begun. */
export async function begin(page: Page, server: Server, anna: Doctor, m: Words): Promise<void> {
  await signIn(page, server, anna, m, { keep: true });
  await page.goto(`/compare#${COMPARED}`);
  await page.getByRole("button", { name: m("compare.match"), exact: true }).click();
  await expect(page.getByText(m("compare.done.title", { who: "Maria Öberg" }))).toBeVisible();
  await page.goto("/mail/inbox");
  await write(page, { to: ["bjorn@demo.example"], subject: "Kaffet och blodtrycket", text: "Fortsätt med en kopp om dagen. Kom in på fredag klockan nio, så mäter vi." }, m);
  await expect(page.getByText(m("write.saved", { time: "" }).trim())).toBeVisible();
}
