// Whom an answer goes to and what it is called, and who is suggested.
import { expect, test } from "@playwright/test";
import { addressesIn } from "../../../web/src/letters/write/addresses.ts";
import { answerTo } from "../../../web/src/letters/write/answer.ts";
import { suggest } from "../../../web/src/letters/write/suggest.ts";
import type { Correspondent, Letter } from "../../../web/src/worker/types.ts";
import { inLanguage } from "./language.ts";

function person(address: string, name: string | null, standing: Correspondent["standing"] = "known"): Correspondent {
  return { address, name, standing, name_may_stand_alone: false };
}

const ANNA = person("anna@demo.example", "Anna Berg", "own");
const BJORN = person("bjorn@demo.example", "Björn Ek");
const MARIA = person("maria.oberg@sundvik.example", "Maria Öberg");
const OFFICE = person("kontakt@sundvik.example", null, "new");

test.describe("an answer", () => {
  const letter = (from: Correspondent, to: Correspondent[], subject = "Provsvar") => ({ id: "1", from, to, subject }) as Letter;

  test("goes to its sender alone, or to everybody who can read the letter, each once and oneself never", () => {
    const asked = letter(BJORN, [ANNA, MARIA, BJORN]);
    expect(answerTo(asked, false).to).toEqual([BJORN.address]);
    expect(answerTo(asked, true).to).toEqual([BJORN.address, MARIA.address]);
  });

  test("to one's own letter goes to its readers", () => {
    const own = letter(ANNA, [BJORN, MARIA]);
    for (const all of [false, true]) expect(answerTo(own, all).to).toEqual([BJORN.address, MARIA.address]);
  });

  test("has its mark once, in whichever of the two languages", () => {
    for (const [language, mark] of [["sv", "Sv"], ["en", "Re"]] as const) {
      inLanguage(language);
      const subject = (of: string) => answerTo(letter(BJORN, [ANNA], of), false).subject;
      expect(subject("Provsvar")).toBe(`${mark}: Provsvar`);
      for (const marked of ["Sv: Provsvar", "Re: Provsvar", "RE: Provsvar", " sv: Provsvar"]) expect(subject(marked)).toBe(marked);
      expect(subject("Svar: ja")).toBe(`${mark}: Svar: ja`);
    }
  });
});

test.describe("suggestions", () => {
  const contacts = [BJORN, MARIA, OFFICE];
  const suggested = (typed: string, there: string[] = []) => suggest(contacts, typed, there).map(({ address }) => address);

  test("are those with a word of name or address that begins so", () => {
    expect(suggested("ek")).toEqual([BJORN.address]);
    expect(suggested(" ÖB")).toEqual([MARIA.address]);
    expect(suggested("maria ö")).toEqual([MARIA.address]);
    expect(suggested("sundvik")).toEqual([MARIA.address, OFFICE.address]);
    expect(suggested("kontakt@s")).toEqual([OFFICE.address]);
    expect(suggested("berg")).toEqual([]); // inside a word
  });

  test("leave out who is there, and are six at most", () => {
    expect(suggested("sundvik", [MARIA.address])).toEqual([OFFICE.address]);
    const many = Array.from({ length: 9 }, (_, number) => person(`per.${number}@demo.example`, "Per Ek"));
    expect(suggest(many, "per", [])).toHaveLength(6);
  });
});

test("a pasted list is its addresses, however it was put together", () => {
  const both = [BJORN.address, MARIA.address];
  for (const list of ["{0}, {1}", "{0};{1}", "{0}\n{1}\r\n", "Björn Ek <{0}>; \"Öberg\" <{1}>", "{0} {1}", " ,{0},,{1}; "]) {
    expect(addressesIn(list.replace("{0}", both[0] ?? "").replace("{1}", both[1] ?? ""))).toEqual(both);
  }
  expect(addressesIn("björn ek")).toEqual(["björn ek"]); // a person sees what was not understood
  expect(addressesIn(" \n")).toEqual([]);
});
