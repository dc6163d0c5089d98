// What a device is called, by what browsers say of themselves.
import { expect, test } from "@playwright/test";
import { deviceName } from "../../../web/src/worker/this_device.ts";

const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";

for (const [userAgent, touches, named] of [
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/149.0.0.0 Safari/537.36`, false, "Chrome, Windows"],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0`, true, "Edge, Windows"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", false, "Firefox, Linux"],
  [`Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`, true, "Samsung Internet, Android"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1", true, "Safari, iPhone"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/149.0.0.0 Mobile/15E148 Safari/604.1", true, "Chrome, iPhone"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15", true, "Safari, iPad"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15", false, "Safari, Mac"],
  ["Lynx/2.8.9", false, null],
] as const) {
  test(`${named ?? "nothing"} is what it is called: ${userAgent.slice(-40)}`, () => {
    const name = deviceName(userAgent, touches);
    expect(name && `${name.program}, ${name.system}`).toBe(named);
  });
}
