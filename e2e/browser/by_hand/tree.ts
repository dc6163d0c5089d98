// What a screen reader says of the inbox, of letters that are picked, of one that is open and of the page where one is
// written, to be read by a person.
import { writeFileSync } from "node:fs";
import { OPEN_LETTER } from "../house/annas_mailbox.ts";
import { test } from "../house/lived_in.ts";
import { settled } from "../house/looks.ts";
import { spoken } from "../house/spoken.ts";
import { open, row, write } from "../house/writing.ts";

test("tree", async ({ annas, anna, m }, info) => {
  const read = async (page: string) => {
    await settled(annas);
    const tree = await spoken(annas);
    const file = info.outputPath(`${page}.txt`);
    writeFileSync(file, `${tree}\n`);
    console.log(`\n== ${page} (${file})\n\n${tree}`);
  };
  await read("inbox");
  await row(annas, OPEN_LETTER).focus();
  await annas.keyboard.press("x");
  await read("picked");
  await annas.keyboard.press("Escape");
  await open(annas, OPEN_LETTER);
  await read("letter");
  await write(annas, { to: ["bjorn@demo.example", anna.address, "ingen@demo.example"], subject: "Ett ämne", text: "Hej" }, m);
  await annas.getByRole("button", { name: m("write.send") }).click();
  await read("write");
});
