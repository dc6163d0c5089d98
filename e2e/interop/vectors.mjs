// Makes crates/vault/vectors/letter.json: certificates, a wrapped key, an envelope and a content, all by OpenPGP.js.
//
//   node vectors.mjs > ../../crates/vault/vectors/letter.json
//
// The MIME message and the envelope's JSON are written here by hand, from the protocol and not by our code.
import { createHash, hkdfSync } from "node:crypto";
import * as openpgp from "@protontech/openpgp";
import { config as constants, newKey } from "./openpgpjs.mjs";

const config = { ...openpgp.config, ...constants };
const made = new Date("2026-11-01T10:00:00Z");
const written = new Date("2026-11-02T11:30:00Z");
const base64url = (bytes) => Buffer.from(bytes).toString("base64url");

const anna = await newKey("anna@example.se", made);
const björn = await newKey("björn@example.se", made);

// OpenPGP.js verifies intended recipients (RFC 9580 §5.2.3.36) but has no call that writes them.
const intended = [björn, anna].map((key) => Buffer.from(key.publicKey.getFingerprint(), "hex"));
const subpackets = openpgp.SignaturePacket.prototype.writeHashedSubPackets;
openpgp.SignaturePacket.prototype.writeHashedSubPackets = function () {
  const own = Buffer.from(subpackets.call(this)).subarray(4);
  const added = this.signatureType === openpgp.enums.signature.binary ? intended : [];
  const all = Buffer.concat([own, ...added.map((fingerprint) => Buffer.concat([Buffer.from([34, 35, 6]), fingerprint]))]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(all.length);
  return new Uint8Array(Buffer.concat([length, all]));
};

/** One packet with a length of five octets. OpenPGP.js writes long ones in parts, which the protocol has not. */
function framed(tag, body) {
  const header = Buffer.from([0xc0 | tag, 0xff, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

/** What a packet writes: bytes, or the library's stream of them. */
async function collected(packet) {
  const written = packet.write();
  return written instanceof Uint8Array ? Buffer.from(written) : written.readToEnd((parts) => Buffer.concat(parts));
}

/** Signs and encrypts as the protocol has it: exactly one SEIPDv2 packet. */
async function seal(text, sessionKey) {
  const message = await openpgp.createMessage({ binary: Buffer.from(text), date: new Date(0) });
  const signed = await message.sign([anna.privateKey], [], undefined, [], written, [], [], [], config);
  const inner = [];
  for (const packet of signed.packets) inner.push(framed(packet.constructor.tag, await collected(packet)));
  const { aes256 } = openpgp.enums.symmetric;
  const locked = openpgp.SymEncryptedIntegrityProtectedDataPacket.fromObject({
    version: 2,
    aeadAlgorithm: openpgp.enums.aead.ocb,
  });
  locked.packets = { write: () => new Uint8Array(Buffer.concat(inner)) };
  await locked.encrypt(aes256, sessionKey, config);
  return framed(locked.constructor.tag, await collected(locked));
}

const id = "019a4409-7c40-7abc-8def-0123456789ab";
const thread = base64url(Buffer.from("000102030405060708090a0b0c0d0e0f", "hex"));
const subject = "Återbesök";
const text = "Hej Björn!\n\nVi ses på torsdag.\n";
const manifest = JSON.stringify({
  thread,
  readers: [björn.publicKey.getFingerprint().toUpperCase()],
  attachments: [],
});
const mime = [
  'From: "Anna" <anna@example.se>',
  "To: <björn@example.se>",
  "Subject: =?utf-8?B?" + Buffer.from(subject).toString("base64") + "?=",
  "Date: Mon, 2 Nov 2026 11:30:00 +0000",
  `Message-ID: <${id}@securemailbox.invalid>`,
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; hp="cipher"; boundary="xyz"',
  "",
  "--xyz",
  "Content-Type: text/plain; charset=utf-8",
  "Content-Transfer-Encoding: base64",
  "",
  Buffer.from(text).toString("base64"),
  "--xyz",
  "Content-Type: application/vnd.securemailbox.manifest+json",
  "",
  manifest,
  "--xyz--",
  "",
].join("\r\n");

const sessionKey = new Uint8Array(createHash("sha256").update("a letter's key").digest());
const wrappedKey = await openpgp.encryptSessionKey({
  data: sessionKey,
  algorithm: "aes256",
  aeadAlgorithm: "ocb",
  encryptionKeys: björn.publicKey,
  format: "binary",
  date: written,
  config: constants,
});
const content = await seal(mime, sessionKey);
const envelopeKey = new Uint8Array(hkdfSync("sha256", sessionKey, Buffer.alloc(0), "envelope", 32));
const envelopeText = JSON.stringify({
  id,
  thread,
  content: base64url(createHash("sha256").update(content).digest()),
  date: "2026-11-02T11:30:00Z",
  name: "Anna",
  to: ["björn@example.se"],
  subject,
  first_line: "Hej Björn!",
  attachments: { number: 0, size: 0 },
});
const envelope = await seal(envelopeText, envelopeKey);

console.log(
  JSON.stringify(
    {
      made_by: "@protontech/openpgp 6.3.0, by e2e/interop/vectors.mjs",
      now: "2026-11-02T12:00:00Z",
      sender: { address: "anna@example.se", certificate: base64url(anna.publicKey.write()) },
      reader: { address: "björn@example.se", secret_key: base64url(björn.privateKey.write()) },
      id,
      thread,
      session_key: base64url(sessionKey),
      wrapped_key: base64url(wrappedKey),
      envelope: base64url(envelope),
      content: base64url(content),
      name: "Anna",
      subject,
      text,
      date: "2026-11-02T11:30:00Z",
    },
    null,
    2,
  ),
);
