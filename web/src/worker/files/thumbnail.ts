// A small picture of a picture, made before it is sent: a reader sees it before any byte of the file was fetched. It is drawn
// anew, so that nothing of where and when it was taken comes along (PROTOCOL §3).

import { isPicture } from "../../attachments/preview.ts";

/** Pixels of the long side. */
const LONG = 256;
/** Octets that a row of the manifest carries. */
const MOST = 8 * 1024;
/** The first that is small enough. */
const QUALITIES = [0.7, 0.5, 0.3];

/** Undefined where it is no picture, or this browser can't draw it. */
export async function thumbnailOf(file: File): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!isPicture(file)) return undefined;
  try {
    const picture = await createImageBitmap(file);
    const canvas = drawn(picture);
    picture.close();
    for (const quality of QUALITIES) {
      const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
      if (blob.size <= MOST) return new Uint8Array(await blob.arrayBuffer());
    }
  } catch {
    // Not a picture, whatever its name says, or more than memory has room for: it goes without.
  }
  return undefined;
}

function drawn(picture: ImageBitmap): OffscreenCanvas {
  const scale = Math.min(1, LONG / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("no canvas");
  // What is clear would be black.
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  return canvas;
}
