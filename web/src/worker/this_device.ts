// What this device is called in the list of its owner's devices. It goes there sealed; our server is told nothing of it.
import type { DeviceName } from "./types.ts";

/** The first that fits decides: most browsers say that they are several. */
const PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\b(OPR|OPT)\//, "Opera"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "Mac"],
  [/\bLinux\b/, "Linux"],
];

/** The name of a device whose browser says this of itself; none where we know no word for it. */
export function deviceName(userAgent: string, touches: boolean): DeviceName | null {
  const program = PROGRAMS.find(([sign]) => sign.test(userAgent))?.[1];
  const system = SYSTEMS.find(([sign]) => sign.test(userAgent))?.[1];
  if (!program || !system) return null;
  // An iPad says that it is a Mac, which has no touch screen.
  return { program, system: system === "Mac" && touches ? "iPad" : system };
}

export function thisDevice(): DeviceName | null {
  return deviceName(navigator.userAgent, navigator.maxTouchPoints > 1);
}
