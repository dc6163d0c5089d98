//! Packets: the framing of OpenPGP (RFC 9580 §4.2), strictly.
