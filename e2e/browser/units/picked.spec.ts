// What is dropped and pasted, and what the page can show of a file.
import { expect, test } from "@playwright/test";
import { carriesFiles, droppedFiles, pastedFiles } from "../../../web/src/attachments/picked.ts";
import { blobOf, isPdf, previewOf, textOf } from "../../../web/src/attachments/preview.ts";

type Fake = { name: string; isDirectory: boolean };

function aFile(name: string): Fake {
  return Object.assign({ name, isDirectory: false }, { file: (done: (file: File) => void) => done(new File(["x"], name)) });
}

function unreadable(name: string): Fake {
  return Object.assign({ name, isDirectory: false }, { file: (_: unknown, failed: (why: Error) => void) => failed(new Error("gone")) });
}

/** Gives two at a time, as browsers give a hundred. */
function folder(name: string, children: Fake[]): Fake {
  const createReader = () => {
    const left = [...children];
    return { readEntries: (done: (some: Fake[]) => void) => done(left.splice(0, 2)) };
  };
  return Object.assign({ name, isDirectory: true }, { createReader });
}

function dropped(entries: Fake[]) {
  const items = entries.map((entry) => ({ kind: "file", webkitGetAsEntry: () => entry, getAsFile: () => null }));
  return droppedFiles({ items: [{ kind: "string" }, ...items] } as unknown as DataTransfer);
}

test("a folder that is dropped is its files, whatever lies between, and names what could not be read", async () => {
  const inner = folder("b", [aFile("3.txt"), aFile("2.txt"), unreadable("4.txt"), folder("tom", [])]);
  const { files, unreadable: not } = await dropped([aFile("1.txt"), folder("a", [inner, aFile("z.txt")]), aFile("5.txt")]);
  expect(files.map(({ name }) => name)).toEqual(["1.txt", "2.txt", "3.txt", "z.txt", "5.txt"]);
  expect(not).toEqual(["4.txt"]);
});

test("a folder without an end is not walked for ever", async () => {
  const endless: Fake = folder("x", []);
  Object.assign(endless, { createReader: () => ({ readEntries: (done: (some: Fake[]) => void) => done([aFile("a"), endless]) }) });
  expect((await dropped([endless])).files.length).toBeLessThan(5_000);
});

test("words that are pasted with a picture of themselves are words", () => {
  const files = [new File(["x"], "image.png")];
  const pasted = (types: string[]) => pastedFiles({ types, files } as unknown as DataTransfer).length;
  expect([pasted(["Files"]), pasted(["text/plain", "Files"]), pastedFiles(null).length]).toEqual([1, 0, 0]);
  expect(carriesFiles(null)).toBe(false);
});

test("only what can’t run is shown, and of a size that a phone can hold", () => {
  const shown = (name: string, size = 1_000) => previewOf({ name, size });
  expect(["a.JPG", "a.txt", "a.csv", "a.mp3", "a.mp4"].map((name) => shown(name))).toEqual(["picture", "text", "text", "sound", "film"]);
  for (const name of ["a.svg", "a.html", "a.xml", "a.exe", "a.jpg.exe", "a.docx", "a.heic", "jpg", "a"]) expect(shown(name), name).toBeUndefined();
  expect([shown("a.jpg", 0), shown("a.jpg", 33_000_000), shown("a.txt", 1_000_001)]).toEqual([undefined, undefined, undefined]);
});

test("a browser is told what a file is by its ending, and never that it is a page", () => {
  expect(blobOf("a.jpg", new Uint8Array(1)).type).toBe("image/jpeg");
  expect(blobOf("a.html", new Uint8Array(1)).type).toBe("application/octet-stream");
  expect([isPdf(new TextEncoder().encode("\n%PDF-1.7")), isPdf(new TextEncoder().encode("<html>"))]).toEqual([true, false]);
});

test("a text is read as it was written, in whichever of the usual ways", () => {
  expect(textOf(new TextEncoder().encode("Blodtryck åäö"))).toBe("Blodtryck åäö");
  expect(textOf(Uint8Array.from([0xe5, 0xe4, 0xf6]))).toBe("åäö"); // Windows-1252
  expect(textOf(Uint8Array.from([0xff, 0xfe, 0xe5, 0x00]))).toBe("å");
  expect(textOf(Uint8Array.from([0xfe, 0xff, 0x00, 0xe5]))).toBe("å");
  expect(textOf(Uint8Array.from([0xef, 0xbb, 0xbf, 0x61]))).toBe("a");
});
