"""Makes the vectors of everything but letters, without our code: hashlib, `cryptography` and `argon2-cffi`.

    python primitives.py ../../crates/vault/vectors
"""

import base64
import hashlib
import json
import math
import sys
import unicodedata
from importlib.metadata import version
from pathlib import Path

import argon2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MADE_BY = f"e2e/interop/primitives.py: hashlib, cryptography, argon2-cffi {version('argon2-cffi')}"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def noise(label: str, length: int) -> bytes:
    """Bytes that look random and are the same every time."""
    return hashlib.shake_256(label.encode()).digest(length)


def hkdf(secret: bytes, info: bytes, salt: bytes | None = None) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, info).derive(secret)


def seal(secret: bytes, purpose: str, account: bytes, record: bytes, version: int, plain: bytes) -> bytes:
    """PROTOCOL section 2: salt, then AES-256-GCM with a zero nonce under HKDF-SHA-256(secret, salt, info)."""
    parts = [b"securemailbox/1", purpose.encode(), account, record, version.to_bytes(8, "big")]
    info = b"".join(len(part).to_bytes(2, "big") + part for part in parts)
    salt = noise(f"salt {purpose} {version}", 32)
    return salt + AESGCM(hkdf(secret, info, salt)).encrypt(bytes(12), plain, None)


def sealed() -> list[dict]:
    rows = []
    for version, purpose in enumerate(["keyring", "contact", "settings", "draft"], start=1):
        secret, account, record = noise("secret", 32), noise("account", 16), noise(purpose, 16)
        plain = b"" if version == 4 else noise(f"plain {purpose}", 10 * version)
        rows.append({
            "purpose": purpose, "secret": secret.hex(), "account": account.hex(), "record": record.hex(),
            "version": version, "plain": plain.hex(),
            "sealed": seal(secret, purpose, account, record, version, plain).hex(),
        })
    return rows


def slots() -> list[dict]:
    rows = []
    for kind in ["password", "passkey", "recovery", "device"]:
        source = noise(f"source {kind}", {"password": 64, "passkey": 32, "recovery": 16, "device": 64}[kind])
        key = hkdf(source, b"securemailbox/1 slot key " + kind.encode())
        secret, account, slot = noise("secret", 32), noise("account", 16), noise(f"slot {kind}", 16)
        rows.append({
            "kind": kind, "source": source.hex(), "account": account.hex(), "slot": slot.hex(), "secret": secret.hex(),
            "sealed": seal(key, "slot", account, slot, 1, secret).hex(),
        })
    return rows


def recovery() -> list[dict]:
    rows = []
    for bits in [bytes(16), bytes([255]) * 16, noise("code", 16)]:
        check = int.from_bytes(hashlib.sha256(bits).digest()[:2], "big") >> 4
        number = int.from_bytes(bits, "big") << 12 | check
        code = "".join(CROCKFORD[number >> shift & 31] for shift in range(135, -1, -5))
        rows.append({
            "bits": bits.hex(), "code": "-".join(code[at:at + 4] for at in range(0, 28, 4)),
            "proof": hkdf(bits, b"securemailbox/1 recovery proof").hex(),
        })
    return rows


def comparing() -> list[dict]:
    rows = []
    for one, other in [("a", "b"), ("c", "d"), ("e", "e")]:
        pair = [noise(one, 32), noise(other, 32)]
        digest = hashlib.sha512(b"securemailbox/1 compare" + b"".join(sorted(pair))).digest()
        groups = [int.from_bytes(digest[at:at + 5], "big") % 100_000 for at in range(0, 60, 5)]
        rows.append({
            "one": pair[0].hex(), "other": pair[1].hex(), "digits": " ".join(f"{group:05}" for group in groups),
        })
    return rows


def padme(length: int) -> int:
    """Nikitin and others, Reducing Metadata Leakage from Encrypted Files and Communication with PURBs, section 4."""
    if length < 2:
        return length
    exponent = math.floor(math.log2(length))
    bits = math.floor(math.log2(exponent)) + 1 if exponent else 0
    mask = (1 << (exponent - bits)) - 1 if exponent >= bits else 0
    return length + mask & ~mask


def padding() -> list[dict]:
    lengths = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 100, 127, 128, 129, 1000, 4096, 4097, 9999, 65_535, 65_537, 1_000_000, 2_097_153]
    return [{"length": length, "padded": padme(length)} for length in lengths]


def opaque() -> list[dict]:
    """Argon2id as RFC 9106's second recommended option, a salt of zeros (RFC 9807 section 7)."""
    rows = []
    for label in ["one", "two"]:
        source = noise(label, 64)
        output = argon2.low_level.hash_secret_raw(
            source, bytes(16), time_cost=3, memory_cost=65_536, parallelism=4, hash_len=64, type=argon2.Type.ID)
        rows.append({"input": source.hex(), "output": output.hex()})
    return rows


def links() -> list[dict]:
    """PROTOCOL section 5: the text of a link, its token, and the slot's key, with a passphrase as it was spoken or without."""
    rows = []
    spoken = [None, "granit lykta tolvan segel", "Snow-ball, ÅSKA  hön\u0061\u0308 12 apelsin!"]
    for number, words in enumerate(spoken):
        secret, share = noise(f"link {number}", 32), noise(f"share {number}", 32)
        source = secret + share
        if words is not None:
            small = unicodedata.normalize("NFC", words).lower()
            letters = "".join(character for character in small if character.isalnum())
            salt = hkdf(source, b"securemailbox/1 passphrase salt")
            source += argon2.low_level.hash_secret_raw(
                letters.encode(), salt, time_cost=3, memory_cost=65_536, parallelism=4, hash_len=32, type=argon2.Type.ID)
        text = base64.urlsafe_b64encode(secret + hashlib.sha256(secret).digest()[:4]).decode()
        rows.append({
            "text": text, "share": share.hex(), "spoken": words,
            "token": hkdf(secret, b"securemailbox/1 link token").hex(),
            "key": hkdf(source, b"securemailbox/1 slot key link").hex(),
        })
    return rows


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    made = {"sealed": sealed, "slots": slots, "recovery": recovery, "comparing": comparing, "padme": padding, "opaque": opaque,
            "links": links}
    for name, make in made.items():
        text = json.dumps({"made_by": MADE_BY, "vectors": make()}, indent=2)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
