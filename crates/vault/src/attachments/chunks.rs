//! Sealing and opening the chunks of a part (RFC 9580 §5.13.2).

use std::{fmt, ops::Range};

use aes_gcm::{AeadInPlace as _, Aes256Gcm, KeyInit as _, Nonce, Tag as AesTag};
use hkdf::Hkdf;
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use securemailbox_protocol::octets::Octets;

use super::layout::{HEAD, Layout, TAG};

/// The chunk size octet: 2^(12 + 6) bytes.
pub(super) const CHUNK_OCTET: u64 = 12;
/// Packet type SEIPD in the new format, version 2, AES-256, GCM, chunk size: the info of the key, and what every tag covers.
const INFO: [u8; 5] = [0xD2, 2, 9, 3, CHUNK_OCTET as u8];
/// A length of five octets follows.
const FIVE_OCTETS: u8 = 0xFF;

/// The session key of one part. It seals one text, ever.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PartKey([u8; 32]);

impl PartKey {
    /// A fresh one.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// For where it is kept, sealed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Takes back what [`Self::as_bytes`] gave away to be kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for PartKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartKey(…)")
    }
}

impl Serialize for PartKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Octets(self.0.to_vec()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PartKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Zeroizing::new(Octets::deserialize(deserializer)?.0);
        let bytes = <[u8; 32]>::try_from(bytes.as_slice());
        bytes.map(Self).map_err(|_| serde::de::Error::custom("a key of 32 bytes"))
    }
}

/// The salt of one part's packet. No secret: it stands at the beginning of the blob.
pub type Salt = [u8; 32];

/// Why a part does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartRefused {
    /// Its beginning is not that of a part of this length in the one format there is.
    #[error("not a part of this length")]
    Head,
    /// Another key, an altered bit, or a chunk in another's place: the tags do not say which.
    #[error("a chunk is altered, moved or another key's")]
    Chunk,
    /// It is authentic, and not what a client of this protocol writes.
    #[error("a chunk holds something else than the file")]
    Text,
    /// The last tag does not hold: chunks are missing at the end, or are more.
    #[error("the last tag does not hold")]
    LastTag,
}

/// What AES-GCM takes for the chunks of one part. A browser makes a key of its own kind of it, and forgets it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ChunkKey {
    key: [u8; 32],
    iv: [u8; 4],
}

impl ChunkKey {
    /// HKDF-SHA-256(session key, salt, info): key and the beginning of the nonces (RFC 9580 §5.13.2).
    #[must_use]
    pub fn derive(key: &PartKey, salt: &Salt) -> Self {
        let mut out = Zeroizing::new([0; 36]);
        #[expect(clippy::expect_used, reason = "HKDF refuses only outputs over 255 hashes (RFC 5869 §2.3)")]
        Hkdf::<Sha256>::new(Some(salt), &key.0).expand(&INFO, out.as_mut_slice()).expect("36 bytes are two hashes");
        let mut derived = Self { key: [0; 32], iv: [0; 4] };
        derived.key.copy_from_slice(&out[..32]);
        derived.iv.copy_from_slice(&out[32..]);
        derived
    }

    /// The AES-256 key.
    #[must_use]
    pub const fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The nonce of a chunk; that of the last tag has the number after the last chunk.
    #[must_use]
    pub fn nonce(&self, number: u64) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[..4].copy_from_slice(&self.iv);
        nonce[4..].copy_from_slice(&number.to_be_bytes());
        nonce
    }

    /// What the tag of every chunk covers besides it.
    #[must_use]
    pub const fn covered() -> &'static [u8] {
        &INFO
    }

    /// What the last tag covers: how much text there is.
    #[must_use]
    pub fn covered_at_the_end(layout: &Layout) -> [u8; 13] {
        let mut covered = [0; 13];
        covered[..5].copy_from_slice(&INFO);
        covered[5..].copy_from_slice(&layout.text().to_be_bytes());
        covered
    }
}

/// Seals or opens one part, chunk by chunk, in any order.
pub struct PartCipher {
    layout: Layout,
    key: ChunkKey,
    aes: Aes256Gcm,
}

impl PartCipher {
    /// For a part of this layout.
    #[must_use]
    pub fn new(layout: Layout, key: &PartKey, salt: &Salt) -> Self {
        let key = ChunkKey::derive(key, salt);
        let aes = Aes256Gcm::new(&key.key.into());
        Self { layout, key, aes }
    }

    /// Where what lies in it.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What AES-GCM takes, for who does it by other means.
    #[must_use]
    pub const fn chunk_key(&self) -> &ChunkKey {
        &self.key
    }

    /// The beginning of the blob, before its first chunk.
    #[must_use]
    pub fn head(layout: &Layout, salt: &Salt) -> Vec<u8> {
        let mut head = Vec::with_capacity(super::HEAD as usize);
        head.extend_from_slice(&[INFO[0], FIVE_OCTETS]);
        head.extend_from_slice(&layout.body());
        head.extend_from_slice(&INFO[1..]);
        head.extend_from_slice(salt);
        head
    }

    /// The salt in the beginning of a blob of this layout.
    ///
    /// # Errors
    /// [`PartRefused::Head`]
    pub fn read_head(layout: &Layout, head: &[u8]) -> Result<Salt, PartRefused> {
        let salt = head.get(HEAD as usize - 32..HEAD as usize).and_then(|salt| Salt::try_from(salt).ok());
        let salt = salt.ok_or(PartRefused::Head)?;
        if head == Self::head(layout, &salt) { Ok(salt) } else { Err(PartRefused::Head) }
    }

    /// Appends chunk `number`, sealed, to `out`: with `data`, the file's bytes that [`Layout::chunk`] names. Nothing, if there is
    /// no such chunk.
    pub fn seal(&self, number: u64, data: &[u8], out: &mut Vec<u8>) {
        let Some(chunk) = self.layout.chunk(number) else { return };
        let at = out.len();
        self.layout.write_text(&chunk, data, out);
        let nonce = self.key.nonce(number);
        #[expect(clippy::expect_used, reason = "AES-GCM refuses only texts over 64 GiB")]
        let tag =
            self.aes.encrypt_in_place_detached(Nonce::from_slice(&nonce), &INFO, &mut out[at..]).expect("256 KiB");
        out.extend_from_slice(&tag);
    }

    /// The text of chunk `number` as it goes in, with the file's bytes in it: for who encrypts it by other means.
    pub fn write_text(&self, number: u64, data: &[u8], text: &mut Vec<u8>) {
        if let Some(chunk) = self.layout.chunk(number) {
            self.layout.write_text(&chunk, data, text);
        }
    }

    /// Which bytes of the text of chunk `number` are the file's, however it was decrypted.
    ///
    /// # Errors
    /// [`PartRefused::Text`]
    pub fn read_text(&self, number: u64, text: &[u8]) -> Result<Range<usize>, PartRefused> {
        let chunk = self.layout.chunk(number).ok_or(PartRefused::Text)?;
        self.layout.read_text(&chunk, text).ok_or(PartRefused::Text)
    }

    /// Opens chunk `number` in place: which bytes of it are the file's.
    ///
    /// # Errors
    /// [`PartRefused`]; then `sealed` holds nothing that can be used.
    pub fn open(&self, number: u64, sealed: &mut [u8]) -> Result<Range<usize>, PartRefused> {
        let at = sealed.len().checked_sub(TAG as usize).ok_or(PartRefused::Chunk)?;
        let (text, tag) = sealed.split_at_mut(at);
        let nonce = self.key.nonce(number);
        self.aes
            .decrypt_in_place_detached(Nonce::from_slice(&nonce), &INFO, text, AesTag::from_slice(tag))
            .map_err(|_| PartRefused::Chunk)?;
        self.read_text(number, text)
    }

    /// The tag after the last chunk.
    #[must_use]
    pub fn last_tag(&self) -> [u8; 16] {
        let nonce = self.key.nonce(self.layout.chunks());
        let covered = ChunkKey::covered_at_the_end(&self.layout);
        #[expect(clippy::expect_used, reason = "AES-GCM refuses only texts over 64 GiB")]
        let tag = self.aes.encrypt_in_place_detached(Nonce::from_slice(&nonce), &covered, &mut []).expect("no text");
        tag.into()
    }

    /// Holds the tag after the last chunk against what it should be.
    ///
    /// # Errors
    /// [`PartRefused::LastTag`]
    pub fn check_last_tag(&self, tag: &[u8]) -> Result<(), PartRefused> {
        let tag: [u8; 16] = tag.try_into().map_err(|_| PartRefused::LastTag)?;
        let nonce = self.key.nonce(self.layout.chunks());
        let covered = ChunkKey::covered_at_the_end(&self.layout);
        self.aes
            .decrypt_in_place_detached(Nonce::from_slice(&nonce), &covered, &mut [], AesTag::from_slice(&tag))
            .map_err(|_| PartRefused::LastTag)
    }
}
