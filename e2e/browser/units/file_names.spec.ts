// What a file is shown as and saved as, and what its ending makes it.
import { expect, test } from "@playwright/test";
import { eachOnce, endingOf, savedName, sentName, shownName } from "../../../web/src/attachments/file_names.ts";
import { disguisedAs, kindOf, kindWords, riskOf } from "../../../web/src/attachments/kinds.ts";
import { partWords, sizeWords, timeLeft } from "../../../web/src/attachments/sizes.ts";
import { inLanguage } from "./language.ts";

const octets = (text: string) => new TextEncoder().encode(text).length;

test.beforeEach(() => inLanguage("sv"));

test.describe("a name on the page", () => {
  for (const [name, shown] of [
    ["La\u0308karintyg a\u030aa\u0308o\u0308.pdf", "Läkarintyg åäö.pdf"],
    ["faktura\u202Efdp.exe", "fakturafdp.exe"], // shown by itself it would read fakturaexe.pdf
    ["\u2066a\u2069\u200Bb\uFEFF.txt", "ab.txt"],
    ["bild.jpg\u00A0\u3000   \u2003.exe", "bild.jpg .exe"], // pushed out of sight
    ["rad\r\nbrytning\t.txt", "rad brytning .txt"],
    ["👩‍⚕️ intyg.pdf", "👩‍⚕️ intyg.pdf"], // its joiner belongs to it
    ["a\u200D.pdf", "a.pdf"],
    ["\uD800x.pdf", "\uFFFDx.pdf"],
    ["\u200B\u202E \u2800", ""],
    ["", ""],
  ] as const) {
    test(`shows what counts: ${JSON.stringify(name)}`, () => {
      expect(shownName(name)).toBe(shown);
    });
  }
});

test.describe("a name on the disk", () => {
  for (const [name, saved] of [
    ["Läkarintyg åäö.pdf", "Läkarintyg åäö.pdf"],
    ["a/b\\c:d.pdf", "a_b_c_d.pdf"],
    ["..\\..\\x", "_._x"],
    ["../../etc/passwd", "_._etc_passwd"],
    ["a∕b／c＼d.txt", "a_b_c_d.txt"],
    ["CON.txt", "_CON.txt"],
    ["nul", "_nul"],
    ["Com1.tar.gz", "_Com1.tar.gz"],
    ["lpt¹.txt", "_lpt¹.txt"],
    ["aux .txt", "_aux .txt"],
    ["console.txt", "console.txt"],
    [" .hidden. ", "hidden"],
    ["evil.exe. . .", "evil.exe"],
    ["what?*<>|\".txt", "what______.txt"],
    ["ingen ändelse", "ingen ändelse"],
    ["...", "fil"],
    ["\u202E", "fil"],
  ] as const) {
    test(`is one name in one folder: ${JSON.stringify(name)}`, () => {
      expect(savedName(name)).toBe(saved);
      expect(savedName(saved)).toBe(saved);
    });
  }

  test("has 200 octets at most, its ending, and no sign cut in two", () => {
    for (const name of [`${"😀".repeat(64)}.pdf`, `${"å".repeat(300)}.docx`, `${"👩‍⚕️".repeat(40)}.jpg`, "x".repeat(900), `a.${"y".repeat(900)}`]) {
      const saved = savedName(name);
      expect(octets(saved)).toBeLessThanOrEqual(200);
      expect(octets(saved)).toBeGreaterThan(180);
      expect(saved.isWellFormed()).toBe(true);
      expect(endingOf(saved)).toBe(endingOf(name));
    }
  });

  test("is no other one's, in whichever letters a system tells apart", () => {
    expect(eachOnce(["Remiss.pdf", "remiss.PDF", "Remiss.pdf", "Remiss (2).pdf", "x", "x"])).toEqual(["Remiss.pdf", "remiss (2).PDF", "Remiss (3).pdf", "Remiss (2) (2).pdf", "x", "x (2)"]);
    expect(eachOnce(["a\u030a.txt", "å.txt"])).toEqual(["a\u030a.txt", "å (2).txt"]);
    expect(eachOnce(["b.pdf"], ["B.pdf"])).toEqual(["b (2).pdf"]);
    const long = savedName(`${"å".repeat(300)}.pdf`);
    expect(octets(eachOnce([long, long])[1] ?? "")).toBeLessThanOrEqual(200);
  });
});

test("a name goes out composed, without control characters, and within what a manifest takes", () => {
  expect(sentName("La\u0308k\u0000ar\u007Fintyg.pdf ")).toBe("Läkarintyg.pdf");
  const long = sentName(`${"😀".repeat(400)}.pdf`);
  expect(octets(long)).toBeLessThanOrEqual(1_020);
  expect(long.endsWith(".pdf")).toBe(true);
});

test.describe("an ending", () => {
  test("says what can harm whoever opens the file", () => {
    for (const name of ["a.exe", "a.MSI", "a.bat", "a.cmd", "a.com", "a.scr", "a.js", "a.vbs", "a.ps1", "a.jar", "a.app", "a.dmg", "a.pkg", "a.apk", "a.deb", "a.rpm", "a.sh", "a.lnk", "a.hta", "a.iso"]) expect(riskOf(name), name).toBe("program");
    for (const name of ["a.docm", "a.xlsm", "a.pptm"]) expect(riskOf(name), name).toBe("macros");
    for (const name of ["a.html", "a.svg"]) expect(riskOf(name), name).toBe("web-page");
    for (const name of ["a.pdf", "a.docx", "a.jpg", "exe", ".exe.txt", "a", "a.exe.pdf"]) expect(riskOf(name), name).toBeUndefined();
  });

  test("is the last one, however it is hidden", () => {
    for (const name of ["bild.jpg.exe", "bild.jpg       .exe", "bild.gpj\u202E.exe", "bild.jpg.exe.", "bild.jpg.exe \u200B"]) expect(riskOf(name), name).toBe("program");
    expect(disguisedAs("bild.jpg.exe")).toBe("jpg");
    expect(disguisedAs("bild.jpg      .exe")).toBe("jpg");
    expect(disguisedAs("setup.exe")).toBeUndefined();
    expect(disguisedAs("a.tar.gz")).toBeUndefined();
    expect(disguisedAs("arkiv.js.exe")).toBeUndefined();
  });

  test("is said in a word that people know", () => {
    expect(["a.pdf", "a.docx", "a.csv", "a.xlsx", "a.jpg", "a.exe", "a.docm", "a.xyz", "a"].map(kindWords)).toEqual(["PDF", "Word", "Tabell", "Excel", "Bild", "Program för Windows", "Dokument med makron", undefined, undefined]);
    expect(kindOf("a.toString")).toBe("other");
  });
});

test("sizes are as disks count them, and what is left is said roughly", () => {
  const plain = (text: string) => text.replaceAll("\u00A0", " ");
  expect([0, 1, 999, 1_000, 640_400, 999_600, 1_800_000, 9_960_000, 121_000_000, 2_500_000_000].map(sizeWords).map(plain)).toEqual(["0 byte", "1 byte", "999 byte", "1 kB", "640 kB", "1 MB", "1,8 MB", "10 MB", "121 MB", "2,5 GB"]);
  expect(plain(partWords(31_000_000, 86_000_000))).toBe("31 av 86 MB");
  expect(plain(partWords(0, 412_000))).toBe("0 av 412 kB");
  expect(plain(partWords(99, 0))).toBe("0 av 0 byte");
  expect([3, 33, 59, 61, 4_000].map(timeLeft).map(plain)).toEqual(["strax klart", "ungefär 40 sekunder kvar", "ungefär 50 sekunder kvar", "ungefär 2 minuter kvar", "ungefär 2 timmar kvar"]);
});
