#!/usr/bin/env node
// Debian's Firefox for Playwright, which drives it by WebDriver BiDi and asks for a few commands of a newer one. Those that a
// test can do without are answered as if they were done. Started by Playwright in the place of Firefox; not needed any more
// once Firefox ESR knows `network.addDataCollector`.
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

/** What the driver asks for at every start. Anything else that is not known stays an error. */
const DONE_WITHOUT = [
  "network.addDataCollector", "browser.setDownloadBehavior", "emulation.setScreenOrientationOverride", "emulation.setScreenSettingsOverride",
  "emulation.setMediaFeaturesOverride", "emulation.setLocaleOverride", "emulation.setTimezoneOverride",
];
const LISTENING = "WebDriver BiDi listening on ws://127.0.0.1:";

const firefox = spawn("firefox-esr", process.argv.slice(2), { stdio: ["ignore", "inherit", "pipe"] });
firefox.on("exit", (code) => process.exit(code ?? 1));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => firefox.kill(signal));
for await (const line of createInterface(firefox.stderr)) {
  if (line.startsWith(LISTENING)) between(Number(line.slice(LISTENING.length)));
  else process.stderr.write(`${line}\n`);
}

/** Stands between the driver and Firefox, and says where. */
function between(port) {
  const server = createServer((driver) => {
    const browser = connect(port, "127.0.0.1");
    let rest = Buffer.alloc(0);
    let greeted = false;
    browser.on("data", (came) => {
      rest = Buffer.concat([rest, came]);
      if (!greeted) {
        const end = rest.indexOf("\r\n\r\n") + 4;
        if (end < 4) return;
        driver.write(rest.subarray(0, end));
        rest = rest.subarray(end);
        greeted = true;
      }
      for (let frame = firstFrame(rest); frame !== undefined; frame = firstFrame(rest)) {
        driver.write(answered(frame));
        rest = rest.subarray(frame.length);
      }
    });
    // Firefox answers those only who call it by its own port.
    driver.once("data", (asked) => {
      browser.write(asked.toString("latin1").replace(/^host: .*$/im, `Host: 127.0.0.1:${port}`), "latin1");
      driver.pipe(browser);
    });
    for (const [one, other] of [[driver, browser], [browser, driver]]) one.on("close", () => other.destroy()).on("error", () => other.destroy());
  });
  server.listen(0, "127.0.0.1", () => process.stderr.write(`${LISTENING}${server.address().port}\n`));
}

/** A WebSocket frame (RFC 6455 §5.2) that has come whole; a server's are not masked. */
function firstFrame(bytes) {
  if (bytes.length < 2) return undefined;
  const [head, length] = [headOf(bytes), lengthOf(bytes)];
  return length === undefined || bytes.length < head + length ? undefined : bytes.subarray(0, head + length);
}

function headOf(bytes) {
  return { 126: 4, 127: 10 }[bytes[1]] ?? 2;
}

function lengthOf(bytes) {
  if (bytes.length < headOf(bytes)) return undefined;
  return { 126: () => bytes.readUInt16BE(2), 127: () => Number(bytes.readBigUInt64BE(2)) }[bytes[1]]?.() ?? bytes[1];
}

/** The frame, unless it says that one of those commands is not known. */
function answered(frame) {
  const said = frame.subarray(headOf(frame));
  if (!said.includes('"unknown command"')) return frame;
  const { id, type, error, message } = JSON.parse(said.toString());
  if (type !== "error" || error !== "unknown command" || !DONE_WITHOUT.includes(message)) return frame;
  const done = Buffer.from(JSON.stringify({ type: "success", id, result: {} }));
  return Buffer.concat([Buffer.from([frame[0], done.length]), done]); // shorter than 126 bytes
}
