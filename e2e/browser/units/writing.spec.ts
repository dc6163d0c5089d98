// Whom an answer goes to and what it is called, and who is suggested.
import { expect, test } from "@playwright/test";
import { isWhole, understood } from "../../../web/src/letters/write/addresses.ts";
import { answerTo } from "../../../web/src/letters/write/answer.ts";
import { forwardOf } from "../../../web/src/letters/write/forward.ts";
import { charactersOver, octetsOver } from "../../../web/src/letters/write/lengths.ts";
import { suggest } from "../../../web/src/letters/write/suggest.ts";
import { shownAddress } from "../../../web/src/parts/shown_address.ts";
import type { Correspondent, Letter } from "../../../web/src/worker/types.ts";
import type { Language } from "../house/words.ts";
import BEGINNINGS from "./beginnings.json" with { type: "json" };
import { inLanguage } from "./language.ts";

function person(address: string, name: string | null, standing: Correspondent["standing"] = "known"): Correspondent {
  return { address, name, standing, name_may_stand_alone: false, number: null, open_to_operator: false };
}

const ANNA = person("anna@demo.example", "Anna Berg", "own");
const BJORN = person("bjorn@demo.example", "Björn Ek");
const MARIA = person("maria.oberg@sundvik.example", "Maria Öberg");
const OFFICE = person("kontakt@sundvik.example", null, "new");

test.describe("an answer", () => {
  const letter = (from: Correspondent, to: Correspondent[], subject = "Provsvar") => ({ id: "1", from, to, subject }) as Letter;

  // A terminal's own test reads the same cases.
  test("goes to its sender alone, or to everybody who can read the letter, each once and oneself never", () => {
    for (const { own, from, readers, all, to } of BEGINNINGS.recipients) {
      const somebody = (address: string) => person(address, null, address === own ? "own" : "known");
      expect(answerTo(letter(somebody(from), readers.map(somebody)), all).to, JSON.stringify({ from, all })).toEqual(to);
    }
  });

  test("has its mark once, in whichever of the two languages, and a letter that is passed on likewise", () => {
    for (const { language, subject, answer, forward } of BEGINNINGS.subjects) {
      inLanguage(language as Language);
      const of = { ...letter(BJORN, [ANNA], subject), text: "", date: "2026-11-24T10:42:00Z", files: [] } as unknown as Letter;
      expect(answerTo(of, false).subject).toBe(answer);
      expect(forwardOf(of).subject).toBe(forward);
    }
  });
});

test("what holds the words of a letter asks for what that letter asked for", () => {
  for (const level of ["passkey", null] as const) {
    const of = { id: "1", from: BJORN, to: [ANNA], subject: "Provsvar", text: "", date: "2026-11-24T10:42:00Z", level, files: [] } as unknown as Letter;
    expect(answerTo(of, true).level).toBe(level);
    expect(forwardOf(of).level).toBe(level);
  }
});

test("a letter that is passed on says whose words follow", () => {
  for (const { language, from, to, subject, head } of BEGINNINGS.forwarded) {
    inLanguage(language as Language);
    const somebody = (named: string) => {
      const [, name = null, address = named] = /^(.*) <(.*)>$/.exec(named) ?? [];
      return person(address, name);
    };
    const date = new Date(2026, 10, 24, 10, 42).toISOString();
    const passedOn = { from: somebody(from), to: to.split(", ").map(somebody), subject, date, text: "Hej!", files: [] } as unknown as Letter;
    expect(forwardOf(passedOn).text).toBe(`\n\n${head}\n\nHej!`);
  }
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
    for (const typed of ["bjorn", "BJÖRN", "bjo\u0308rn"]) expect(suggested(typed)).toEqual([BJORN.address]);
    expect(suggested("oberg")).toEqual([MARIA.address]);
  });

  test("leave out who is there, and are six at most", () => {
    expect(suggested("sundvik", [MARIA.address])).toEqual([OFFICE.address]);
    const many = Array.from({ length: 9 }, (_, number) => person(`per.${number}@demo.example`, "Per Ek"));
    expect(suggest(many, "per", [])).toHaveLength(6);
  });
});

test.describe("what people type and paste for recipients", () => {
  const [A, B, C] = ["anna@demo.example", "bo+post@sundvik.example", "cecilia.ek@demo.example"];

  for (const [typed, addresses, rest = ""] of [
    [`"Efternamn, Förnamn" <${A}>`, [A]],
    [`Berg, Anna <${A}>; Ek, Bo <${B}>`, [A, B]],
    [`Namn (${A})`, [A]],
    [`${A} (Namn)`, [A]],
    [`Anna Berg ${A}`, [A]],
    [`mailto:${A}?subject=Hej%20${B}`, [A]],
    [`<mailto:${A},${C}?cc=${B}&body=x>`, [A, C, B]],
    [`\u200B${A}\uFEFF`, [A]],
    [`\u202D${A}\u202C`, [A]],
    ["anna＠demo.example", [A]],
    ["ａｎｎａ＠ｄｅｍｏ．ｅｘａｍｐｌｅ", [A]],
    [`${A}.`, [A]],
    [`Skriv till ${A}, ${B} och ${C}.`, [A, B, C]],
    [`Anna <${A}> <${B}>`, [A, B]],
    [`${A} och ${B}`, [A, B]],
    [`${A}/${B}`, [A, B]],
    [`• ${A}\n•${B}\n- ${C}`, [A, B, C]],
    [`'${A}' <${A}>`, [A]],
    [`"${C}" <${A}>`, [A]], // the name is none
    [`"Ek, Bo" <${B}>, "${A}`, [B, A]],
    [`${A}\t${B}\r\n${C}`, [A, B, C]],
    [` ,${A},,${B}; `, [A, B]],
    [`${A} ${A.toUpperCase()}`, [A]],
    [`E-post:${A}`, [A]],
    ["björn@räksmörgås.se", ["björn@räksmörgås.se"]],
    ["anna@", ["anna@"]], // a person sees what was not understood
    ["anna@demo@example.se", ["anna@demo", "@example.se"]],
    ['"anna"@demo.example', ['"anna"@demo.example']],
    ["Björn Ek", [], "Björn Ek"], // a name is nobody
    [`Björn Ek; ${A}`, [A], "Björn Ek"],
    ["@", [], "@"],
    [" \n", []],
  ] as const) {
    test(`are addresses: ${JSON.stringify(typed)}`, () => {
      expect(understood(typed)).toEqual({ addresses, rest });
    });
  }

  test("lose no address and make nobody of a name, however they are put together", () => {
    const ways = [
      (address: string) => address,
      (address: string) => `Öberg, Maria <${address}>`,
      (address: string) => `"Öberg, Maria" <${address}>`,
      (address: string) => `Maria Öberg (${address})`,
      (address: string) => `${address} (Maria)`,
      (address: string) => `<${address}>`,
      (address: string) => `mailto:${address}`,
      (address: string) => `\u200B${address}.`,
    ];
    const between = [", ", ";", " ; ", "\n", "\r\n", ",\n", " och ", "\t"];
    let seed = 1;
    const some = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below; // the same ones each time
    for (let round = 0; round < 2_000; round++) {
      const addresses = Array.from({ length: 1 + some(6) }, (_, at) => `n${String(at)}.${String(some(99))}@x${String(some(9))}.example`);
      const text = addresses.map((address, at) => `${at > 0 ? between[some(8)] : ""}${ways[some(8)]?.(address) ?? ""}`).join("");
      expect(understood(text), text).toEqual({ addresses, rest: "" });
    }
  });

  test("become chips by being pasted once they are whole", () => {
    for (const whole of [A, "björn@räksmörgås.se"]) expect(isWhole(whole)).toBe(true);
    for (const part of ["anna@", "@demo.example", "anna@demo", "anna@demo@example.se", "anna@demo."]) expect(isWhole(part)).toBe(false);
  });
});

test("a domain is shown as people write it, unless its letters could be taken for others", () => {
  for (const [form, shown] of [
    ["kalle@xn--rksmrgs-5wao1o.se", "kalle@räksmörgås.se"],
    ["a@xn--mnchen-3ya.de", "a@münchen.de"],
    ["b@post.xn--blbrssylt-x2aj.example", "b@post.blåbärssylt.example"],
    ["c@xn--80ak6aa92e.com", "c@xn--80ak6aa92e.com"], // Cyrillic letters that spell apple
    ["d@xn--.se", "d@xn--.se"],
    ["e@xn--99999999999.se", "e@xn--99999999999.se"],
    ["f@demo.example", "f@demo.example"],
    ["not an address", "not an address"],
  ] as const) {
    expect(shownAddress(form)).toBe(shown);
  }
});

test("a text is as long as it has characters, and a subject as it has octets", () => {
  expect(charactersOver("å".repeat(10), 10)).toBe(0);
  expect(charactersOver("😀".repeat(11), 10)).toBe(1);
  expect(octetsOver("å".repeat(5), 10)).toBe(0);
  expect(octetsOver("å".repeat(5) + "a", 10)).toBe(1);
  expect(octetsOver("a".repeat(9) + "😀", 10)).toBe(1);
  expect(octetsOver("å".repeat(500), 998)).toBe(1);
});
