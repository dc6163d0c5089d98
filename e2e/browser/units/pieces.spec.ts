// A letter's text in pieces, and the addresses in it that can be pressed.
import { expect, test } from "@playwright/test";
import { piecesOf, wordsOf } from "../../../web/src/letters/pieces.ts";

test.describe("a text", () => {
  test("is its paragraphs", () => {
    expect(piecesOf("Hej!\r\n\r\nEn rad\noch en till.\n\n\nSlut")).toEqual(["Hej!", "En rad\noch en till.", "\nSlut"]);
    expect(piecesOf("")).toEqual([""]);
  });

  test("of a million signs has no piece that takes long to lay out, and loses none of them", () => {
    const smileys = "😀".repeat(500_000);
    for (const text of ["x".repeat(1_000_000), `a${smileys}`, "\n".repeat(1_000_000), "ord ".repeat(250_000), "rad\n".repeat(250_000)]) {
      const pieces = piecesOf(text);
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(10_000);
      expect(pieces.length).toBeLessThan(1_100);
      expect(pieces.join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
      expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
    }
  });
});

test.describe("an address in a text", () => {
  const links = (text: string) => wordsOf(text).flat().filter(({ href }) => href !== undefined);

  test("is a link, without the sentence around it", () => {
    const text = "Boka på https://exempel.se/tid?x=1. Eller (se http://EXEMPEL.se)!";
    expect(links(text).map(({ text }) => text)).toEqual(["https://exempel.se/tid?x=1", "http://EXEMPEL.se"]);
    expect(wordsOf(text).flat().map(({ text }) => text).join("")).toBe(text);
    expect(links("https://exempel.se/a_(b)").map(({ text }) => text)).toEqual(["https://exempel.se/a_(b)"]);
  });

  test("says where it leads, if it is written to hide that", () => {
    expect(links("https://exempel.se/")).toEqual([{ text: "https://exempel.se/", href: "https://exempel.se/" }]);
    for (const [text, host] of [
      ["https://www.bank.se@ond.example/", "ond.example"],
      ["https://bаnk.se/", "xn--bnk-6cd.se"], // its second letter is Cyrillic
      ["https://räksmörgås.se", "xn--rksmrgs-5wao1o.se"],
      ["https://bank.se\\@ond.example/", "bank.se"],
    ] as const) {
      expect(links(text)).toMatchObject([{ text, host }]);
    }
  });

  test("is one of some hundreds at most, since each of them takes its time", () => {
    const text = "https://a.example ".repeat(50_000);
    expect(links(text)).toHaveLength(500);
    expect(wordsOf(text).flat().map(({ text }) => text).join("").replace(/ /g, "")).toBe(text.replace(/ /g, ""));
  });

  test("is nothing else than a page on the web", () => {
    for (const text of ["javascript:alert(1)", "data:text/html,x", "ftp://exempel.se", "file:///etc/passwd", "https://", "http:exempel.se", "mailto:a@exempel.se"]) {
      expect(links(text), text).toEqual([]);
    }
  });
});
