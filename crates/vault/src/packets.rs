//! Packets: the framing of OpenPGP (RFC 9580 §4.2), strictly, and the one packet that everything secret travels in.
//!
//! Parsers of whole messages are generous: they skip what they don't know, follow nesting, and accept several framings
//! of the same bytes. Here a run of bytes is a list of packets, or it is refused.

use std::borrow::Cow;

use pgp::{
    crypto::{
        aead::{AeadAlgorithm, ChunkSize},
        sym::SymmetricKeyAlgorithm,
    },
    packet::{PacketHeader, SymEncryptedProtectedData},
    ser::Serialize,
    types::{Seipdv1ReadMode, Tag},
};
use rand::{CryptoRng, RngCore};

/// Which lengths a packet may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lengths {
    /// Known before the packet begins, as we write them.
    Fixed,
    /// Also in parts (RFC 9580 §4.2.1.4), as other programs write long messages.
    Partial,
}

/// A packet: what it is, and its body.
pub(crate) struct Packet<'a> {
    pub(crate) tag: Tag,
    pub(crate) body: Cow<'a, [u8]>,
}

/// The bytes are no list of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotPackets;

/// Splits bytes into packets, to the last one.
pub(crate) fn split(mut bytes: &[u8], lengths: Lengths) -> Result<Vec<Packet<'_>>, NotPackets> {
    let mut packets = Vec::new();
    while !bytes.is_empty() {
        packets.push(next(&mut bytes, lengths)?);
    }
    Ok(packets)
}

/// The one packet that these bytes are.
pub(crate) fn only(bytes: &[u8]) -> Result<Packet<'_>, NotPackets> {
    let mut rest = bytes;
    let packet = next(&mut rest, Lengths::Fixed)?;
    if rest.is_empty() { Ok(packet) } else { Err(NotPackets) }
}

fn next<'a>(bytes: &mut &'a [u8], lengths: Lengths) -> Result<Packet<'a>, NotPackets> {
    let first = *take(bytes, 1)?.first().ok_or(NotPackets)?;
    // The old format (bit 6 clear) can't carry v6 material's tags in full and has an indeterminate length.
    if first & 0b1100_0000 != 0b1100_0000 {
        return Err(NotPackets);
    }
    let tag = Tag::from(first & 0b0011_1111);
    let (mut length, mut more) = length(bytes)?;
    if !more {
        return Ok(Packet { tag, body: Cow::Borrowed(take(bytes, length)?) });
    }
    let may_be_partial = matches!(tag, Tag::LiteralData | Tag::SymEncryptedProtectedData);
    if lengths == Lengths::Fixed || !may_be_partial {
        return Err(NotPackets);
    }
    let mut body = take(bytes, length)?.to_vec();
    while more {
        (length, more) = self::length(bytes)?;
        body.extend_from_slice(take(bytes, length)?);
    }
    Ok(Packet { tag, body: Cow::Owned(body) })
}

/// A length of the new format (RFC 9580 §4.2.1), and whether more follows this part.
fn length(bytes: &mut &[u8]) -> Result<(usize, bool), NotPackets> {
    let octet = |bytes: &mut &[u8]| take(bytes, 1).map(|taken| usize::from(taken[0]));
    match octet(bytes)? {
        short @ 0..=191 => Ok((short, false)),
        high @ 192..=223 => Ok((((high - 192) << 8) + octet(bytes)? + 192, false)),
        part @ 224..=254 => Ok((1 << (part & 0b1_1111), true)),
        _ => {
            let four: [u8; 4] = take(bytes, 4)?.try_into().map_err(|_| NotPackets)?;
            Ok((usize::try_from(u32::from_be_bytes(four)).map_err(|_| NotPackets)?, false))
        }
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], NotPackets> {
    let (taken, rest) = bytes.split_at_checked(length).ok_or(NotPackets)?;
    *bytes = rest;
    Ok(taken)
}

/// A header for the parsers of `pgp`, which take the body apart.
pub(crate) fn header(packet: &Packet<'_>) -> PacketHeader {
    PacketHeader::new_fixed(packet.tag, u32::try_from(packet.body.len()).unwrap_or(u32::MAX))
}

/// Whether a parsed body, written again, is the body that was read: `pgp` skips what it does not need, such as the length
/// of a key's material, and what was skipped could be anything.
pub(crate) fn is_exactly(parsed: &impl Serialize, packet: &Packet<'_>) -> bool {
    parsed.to_bytes().is_ok_and(|written| written == *packet.body)
}

/// Writes one packet with a length of five octets.
pub(crate) fn write(tag: Tag, body: &[u8], out: &mut Vec<u8>) {
    #[expect(clippy::expect_used, reason = "everything sealed here is under limits::CONTENT, which is far below 4 GiB")]
    let length = u32::try_from(body.len()).expect("a packet under 4 GiB");
    out.push(0b1100_0000 | u8::from(tag));
    out.push(255);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(body);
}

/// Octets of a header that [`write()`] writes.
pub(crate) const HEADER: usize = 6;

/// Why a packet does not open (PROTOCOL §11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LockedRefused {
    /// Not exactly one SEIPD packet.
    #[error("not exactly one encrypted packet")]
    NotOnePacket,
    /// The SEIPD packet is of another version than 2.
    #[error("not version 2 of the encrypted packet")]
    Version,
    /// Another cipher than AES-256.
    #[error("not AES-256")]
    Cipher,
    /// The SEIPD packet is in another AEAD mode than OCB.
    #[error("not OCB")]
    Mode,
    /// Another key, an altered bit, or a missing chunk: the tags do not say which.
    #[error("altered, cut short, or another key's")]
    NotAuthentic,
}

/// Encrypts into exactly one SEIPDv2 packet: AES-256, OCB, chunks of 64 KiB (RFC 9580 §5.13.2).
pub(crate) fn lock(plain: &[u8], key: &[u8; 32], rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "fails only for a key of another length and for texts over 4 GiB")]
    let packet = SymEncryptedProtectedData::encrypt_seipdv2(
        rng,
        SymmetricKeyAlgorithm::AES256,
        AeadAlgorithm::Ocb,
        ChunkSize::C64KiB,
        key,
        plain,
    )
    .expect("a key of 32 bytes and a short text");
    let mut body = Vec::with_capacity(packet.write_len());
    #[expect(clippy::expect_used, reason = "writing to memory does not fail")]
    packet.to_writer(&mut body).expect("memory");
    let mut out = Vec::with_capacity(body.len() + HEADER);
    write(Tag::SymEncryptedProtectedData, &body, &mut out);
    out
}

/// Decrypts one SEIPDv2 packet, whole: nothing is returned before the last tag held.
pub(crate) fn unlock(packet: &Packet<'_>, key: &[u8; 32]) -> Result<Vec<u8>, LockedRefused> {
    if packet.tag != Tag::SymEncryptedProtectedData {
        return Err(LockedRefused::NotOnePacket);
    }
    // Version, cipher and mode stand in the first three octets and are looked at before anything is derived from them.
    match *packet.body {
        [2, cipher, ..] if cipher != u8::from(SymmetricKeyAlgorithm::AES256) => return Err(LockedRefused::Cipher),
        [2, _, mode, ..] if mode != u8::from(AeadAlgorithm::Ocb) => return Err(LockedRefused::Mode),
        [2, _, _, ..] => {}
        _ => return Err(LockedRefused::Version),
    }
    let locked = SymEncryptedProtectedData::try_from_reader(header(packet), &*packet.body)
        .map_err(|_| LockedRefused::NotAuthentic)?;
    locked.decrypt(key, None, Seipdv1ReadMode::default()).map_err(|_| LockedRefused::NotAuthentic)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::rng;

    #[test]
    fn every_way_to_write_a_fixed_length_is_read() {
        for (length, header) in [
            (191, vec![0xD5, 191]),
            (192, vec![0xD5, 192, 0]),
            (8383, vec![0xD5, 223, 255]),
            (3, vec![0xD5, 255, 0, 0, 0, 3]),
        ] {
            let bytes = [header, vec![1; length]].concat();
            let packet = only(&bytes).ok().unwrap();
            assert_eq!((packet.tag, packet.body.len()), (Tag::Padding, length));
        }
    }

    #[test]
    fn a_packet_in_parts_is_read_only_where_others_may_write_so() {
        let parts = [&[0xCB, 0xE1, 1, 2][..], &[0xE0, 3], &[2, 4, 5]].concat();
        assert!(split(&parts, Lengths::Fixed).is_err());
        let packets = split(&parts, Lengths::Partial).ok().unwrap();
        assert_eq!(&*packets[0].body, &[1, 2, 3, 4, 5]);
        let signature = [&[0xC2, 0xE1, 1, 2][..], &[0]].concat();
        assert!(split(&signature, Lengths::Partial).is_err(), "only what can be long may come in parts");
    }

    #[test]
    fn a_header_of_the_old_format_or_a_body_that_ends_early_is_refused() {
        for bytes in [&[0x99, 0, 1, 6][..], &[0xD5, 2, 1], &[0xD5], &[0xD5, 255, 0, 0], &[0x55, 0]] {
            assert!(split(bytes, Lengths::Partial).is_err());
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_what_is_read(bodies in prop::collection::vec(any::<Vec<u8>>(), 0..5)) {
            let mut out = Vec::new();
            for body in &bodies {
                write(Tag::Padding, body, &mut out);
            }
            let read: Vec<_> = split(&out, Lengths::Fixed).ok().unwrap().iter().map(|packet| packet.body.to_vec()).collect();
            prop_assert_eq!(read, bodies);
        }

        #[test]
        fn a_locked_text_opens_with_its_key_only(plain in any::<Vec<u8>>(), key in any::<[u8; 32]>(), other in any::<[u8; 32]>()) {
            let locked = lock(&plain, &key, &mut rng(1));
            let packet = only(&locked).ok().unwrap();
            prop_assert_eq!(unlock(&packet, &key), Ok(plain));
            prop_assume!(key != other);
            prop_assert_eq!(unlock(&packet, &other), Err(LockedRefused::NotAuthentic));
        }
    }
}
