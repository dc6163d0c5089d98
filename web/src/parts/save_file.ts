/** Gives the person a file, as a download. Nothing of it stays on the page. */
export function saveFile(name: string, content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has the bytes once the click was handled.
  setTimeout(() => URL.revokeObjectURL(url));
}
