"""SecureMailbox's exports read, and messages for it written, by Sequoia (pysequoia). It shares no code with us.

    python sequoia.py open  KEY.asc PASSPHRASE-FILE SENDER.asc LETTER.eml   prints what was signed; fails unless verified
    python sequoia.py file  KEY.asc PASSPHRASE-FILE FILE.pgp                 prints what was encrypted
    python sequoia.py write READER.asc SENDER.key MESSAGE.pgp               signs what stands on standard input
"""

import re
import sys
from pathlib import Path

import pysequoia
from pysequoia import Cert, Tsk


def armored_message(text: str) -> bytes:
    """The armored message of a PGP/MIME letter (RFC 3156), or of a bare file."""
    found = re.search(r"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----", text, re.DOTALL)
    if not found:
        sys.exit("no armored message in the file")
    return found.group(0).encode()


def open_letter(key: str, passphrase_file: str, sender: str, letter: str) -> None:
    passphrase = Path(passphrase_file).read_text(encoding="utf-8").rstrip("\r\n")
    signer = Cert.from_file(sender)
    opened = pysequoia.decrypt(
        armored_message(Path(letter).read_text(encoding="utf-8")),
        decryptor=Tsk.from_file(key).decryptor(passphrase),
        store=lambda _ids: [signer],
    )
    if [sig.certificate for sig in opened.valid_sigs] != [signer.fingerprint]:
        sys.exit("not signed by the sender")
    sys.stdout.buffer.write(opened.bytes)


def open_file(key: str, passphrase_file: str, message: str) -> None:
    passphrase = Path(passphrase_file).read_text(encoding="utf-8").rstrip("\r\n")
    decryptor = Tsk.from_file(key).decryptor(passphrase)
    opened = pysequoia.decrypt(Path(message).read_bytes(), decryptor=decryptor)
    sys.stdout.buffer.write(opened.bytes)


def write_message(reader: str, sender: str, message: str) -> None:
    encrypted = pysequoia.encrypt(
        sys.stdin.buffer.read(),
        recipients=[Cert.from_file(reader)],
        signer=Tsk.from_file(sender).signer(),
        armor=False,
    )
    Path(message).write_bytes(encrypted)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["open", key, passphrase_file, sender, letter]:
            open_letter(key, passphrase_file, sender, letter)
        case ["file", key, passphrase_file, message]:
            open_file(key, passphrase_file, message)
        case ["write", reader, sender, message]:
            write_message(reader, sender, message)
        case _:
            sys.exit(__doc__)
