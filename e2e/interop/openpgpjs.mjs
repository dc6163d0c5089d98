// SecureMailbox's exports read, and messages for it written, by OpenPGP.js (Proton). It shares no code with us.
//
//   node openpgpjs.mjs open  KEY.asc PASSPHRASE-FILE SENDER.asc LETTER.eml    prints what was signed; fails unless verified
//   node openpgpjs.mjs file  KEY.asc PASSPHRASE-FILE FILE.pgp                 prints what was encrypted
//   node openpgpjs.mjs write READER.asc ADDRESS DIR                           writes DIR/message.pgp, sender.asc, sender.key;
//                                                                             signs what stands on standard input
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import * as openpgp from "@protontech/openpgp";

/** v6, AES-256 in OCB, SHA-512: the protocol's constants. */
export const config = {
  v6Keys: true,
  aeadProtect: true,
  preferredAEADAlgorithm: openpgp.enums.aead.ocb,
  preferredHashAlgorithm: openpgp.enums.hash.sha512,
};

/** A certificate of the protocol's shape: Ed25519, ML-KEM-768 + X25519, the address as its one User ID. */
export const newKey = (address, date) =>
  openpgp.generateKey({
    type: "curve25519",
    subkeys: [{ type: "pqc" }],
    userIDs: [{ name: address }],
    date,
    format: "object",
    config,
  });

/** The armored message of a PGP/MIME letter (RFC 3156), or of a bare file. */
const armoredMessage = (text) => {
  const armored = /-----BEGIN PGP MESSAGE-----[\s\S]*?-----END PGP MESSAGE-----/.exec(text);
  if (!armored) throw new Error("no armored message in the file");
  return armored[0];
};

async function open(keyFile, passphraseFile, senderFile, letterFile) {
  const locked = await openpgp.readPrivateKey({ armoredKey: readFileSync(keyFile, "utf8") });
  const passphrase = readFileSync(passphraseFile, "utf8").replace(/\r?\n$/, "");
  const decryptionKeys = await openpgp.decryptKey({ privateKey: locked, passphrase });
  const verificationKeys = await openpgp.readKey({ armoredKey: readFileSync(senderFile, "utf8") });
  const message = await openpgp.readMessage({ armoredMessage: armoredMessage(readFileSync(letterFile, "utf8")) });
  const { data, signatures } = await openpgp.decrypt({
    message,
    decryptionKeys,
    verificationKeys,
    expectSigned: true,
    format: "binary",
    config,
  });
  if (signatures.length !== 1) throw new Error("not exactly one signature");
  await signatures[0].verified;
  process.stdout.write(data);
}

async function file(keyFile, passphraseFile, messageFile) {
  const locked = await openpgp.readPrivateKey({ armoredKey: readFileSync(keyFile, "utf8") });
  const passphrase = readFileSync(passphraseFile, "utf8").replace(/\r?\n$/, "");
  const decryptionKeys = await openpgp.decryptKey({ privateKey: locked, passphrase });
  const message = await openpgp.readMessage({ binaryMessage: new Uint8Array(readFileSync(messageFile)) });
  const { data } = await openpgp.decrypt({ message, decryptionKeys, format: "binary", config });
  process.stdout.write(data);
}

async function write(readerFile, address, directory) {
  const reader = await openpgp.readKey({ armoredKey: readFileSync(readerFile, "utf8") });
  const sender = await newKey(address);
  const encrypted = await openpgp.encrypt({
    message: await openpgp.createMessage({ binary: new Uint8Array(readFileSync(0)) }),
    encryptionKeys: reader,
    signingKeys: sender.privateKey,
    format: "binary",
    config,
  });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "message.pgp"), encrypted);
  writeFileSync(join(directory, "sender.asc"), sender.publicKey.armor());
  writeFileSync(join(directory, "sender.key"), sender.privateKey.armor(), { mode: 0o600 });
}

const commands = { open: [open, 4], file: [file, 3], write: [write, 3] };
if (process.argv[1]?.endsWith("openpgpjs.mjs")) {
  const [name, ...rest] = process.argv.slice(2);
  const [command, count] = commands[name] ?? [];
  if (rest.length !== count) {
    console.error("usage: openpgpjs.mjs open KEY PASSPHRASE-FILE SENDER LETTER | file KEY PASSPHRASE-FILE FILE | write READER ADDRESS DIR");
    process.exit(2);
  }
  await command(...rest);
}
