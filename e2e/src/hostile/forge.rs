//! What a malicious sender, reader or operator can make with real keys and no regard for the protocol. Written with the
//! OpenPGP library itself, since the vault has no function to do wrong with.

use data_encoding::BASE64URL_NOPAD;
use hkdf::Hkdf;
use pgp::{
    composed::{Deserializable, RawSessionKey, SignedSecretKey},
    crypto::{
        aead::{AeadAlgorithm, ChunkSize},
        hash::HashAlgorithm,
        sym::SymmetricKeyAlgorithm,
    },
    packet::{
        PacketHeader, PublicKeyEncryptedSessionKey, SecretKey, SecretSubkey, SignatureConfig, SignatureType,
        SignatureVersionSpecific, Subpacket, SubpacketData, SymEncryptedProtectedData,
    },
    ser::Serialize,
    types::{Fingerprint as PgpFingerprint, KeyDetails, Password, Seipdv1ReadMode, Tag},
};
use rand::rngs::OsRng;
use securemailbox_protocol::{
    ids::{ContentHash, Fingerprint, ThreadId},
    letters::{Entry, Released},
    octets::Octets,
    time::Timestamp,
};
use securemailbox_vault::{
    keyring::Keyring,
    letters::{SealedLetter, unwrap},
};
use sha2::{Digest, Sha256};

/// A private key outside of any vault.
pub struct Pen {
    pub(super) primary: SecretKey,
    pub(super) subkey: SecretSubkey,
    /// Which key its signatures say they are by.
    issuer: PgpFingerprint,
}

impl Pen {
    /// The key that the owner of this keyring signs with.
    ///
    /// # Panics
    /// When the keyring is not in the form that the client writes.
    #[must_use]
    pub fn of(keyring: &Keyring) -> Self {
        let text: serde_json::Value = serde_json::from_slice(&keyring.to_bytes()).expect("JSON");
        let present = text["present"].as_str().expect("an identity");
        let bytes = BASE64URL_NOPAD.decode(present.as_bytes()).expect("base64url");
        let key = SignedSecretKey::from_bytes(&*bytes).expect("a transferable secret key");
        let subkey = key.secret_subkeys.into_iter().next().expect("a subkey").key;
        let issuer = key.primary_key.fingerprint();
        Self { primary: key.primary_key, subkey, issuer }
    }

    /// Says of its signatures that they are by another's key.
    #[must_use]
    pub fn posing_as(self, other: &Self) -> Self {
        Self { issuer: other.issuer.clone(), ..self }
    }

    /// The subkey that letters are encrypted to.
    #[must_use]
    pub fn encryption(&self) -> &pgp::packet::PublicSubkey {
        self.subkey.public_key()
    }

    /// A document signed for these readers, ready to be encrypted: announcement, literal, signature.
    ///
    /// # Panics
    /// When the library refuses.
    #[must_use]
    pub fn sign(&self, document: &[u8], readers: &[Fingerprint], at: Timestamp, hash: HashAlgorithm) -> Vec<u8> {
        let key = &self.primary;
        let mut config = SignatureConfig::v6(OsRng, SignatureType::Binary, key.algorithm(), hash).expect("v6");
        config.hashed_subpackets = vec![
            critical(SubpacketData::SignatureCreationTime(seconds(at))),
            regular(SubpacketData::IssuerFingerprint(self.issuer.clone())),
        ];
        for reader in readers {
            let reader = PgpFingerprint::V6(*reader.as_bytes());
            config.hashed_subpackets.push(regular(SubpacketData::IntendedRecipientFingerprint(reader)));
        }
        let SignatureVersionSpecific::V6 { salt } = config.version_specific.clone() else { panic!("v6") };
        let mut announcement = vec![6, u8::from(config.typ()), u8::from(hash), u8::from(key.algorithm())];
        announcement.push(u8::try_from(salt.len()).expect("a short salt"));
        announcement.extend_from_slice(&salt);
        announcement.extend_from_slice(self.issuer.as_bytes());
        announcement.push(1);
        let signature = config.sign(key, &Password::empty(), document).expect("an unlocked key");
        [
            packet(Tag::OnePassSignature, &announcement),
            literal(document),
            packet(Tag::Signature, &signature.to_bytes().expect("memory")),
        ]
        .concat()
    }
}

pub(super) fn regular(data: SubpacketData) -> Subpacket {
    Subpacket::regular(data).expect("a subpacket")
}

pub(super) fn critical(data: SubpacketData) -> Subpacket {
    Subpacket::critical(data).expect("a subpacket")
}

pub(super) fn seconds(at: Timestamp) -> pgp::types::Timestamp {
    pgp::types::Timestamp::from_secs(u32::try_from(at.unix_millis() / 1000).expect("before 2106"))
}

/// One packet with a length of five octets, as the vault writes them.
///
/// # Panics
/// Over 4 GiB.
#[must_use]
pub fn packet(tag: Tag, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("a short packet").to_be_bytes();
    [&[0b1100_0000 | u8::from(tag), 255][..], &length, body].concat()
}

/// The reverse.
///
/// # Panics
/// When the bytes are no such packets.
#[must_use]
pub fn split(mut bytes: &[u8]) -> Vec<(Tag, Vec<u8>)> {
    let mut packets = Vec::new();
    while let [first, 255, a, b, c, d, rest @ ..] = bytes {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        packets.push((Tag::from(first & 0b0011_1111), rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    assert!(bytes.is_empty(), "a packet of another form");
    packets
}

/// A document in a literal packet, unsigned.
#[must_use]
pub fn literal(document: &[u8]) -> Vec<u8> {
    packet(Tag::LiteralData, &[b"b\0\0\0\0\0", document].concat())
}

/// How a packet is encrypted.
#[derive(Clone, Copy)]
pub struct Lock {
    /// The cipher of the SEIPD packet.
    pub cipher: SymmetricKeyAlgorithm,
    /// The AEAD mode of the SEIPD packet.
    pub mode: AeadAlgorithm,
    /// The chunk size of the SEIPD packet.
    pub chunk: ChunkSize,
}

/// The one way that the protocol allows (PROTOCOL §11).
pub const LOCK: Lock =
    Lock { cipher: SymmetricKeyAlgorithm::AES256, mode: AeadAlgorithm::Ocb, chunk: ChunkSize::C64KiB };

impl Lock {
    /// Encrypts; a cipher of shorter keys takes the beginning of this one.
    ///
    /// # Panics
    /// When the library refuses.
    #[must_use]
    pub fn lock(self, plain: &[u8], key: &[u8; 32]) -> Vec<u8> {
        let key = &key[..self.cipher.key_size()];
        let locked = SymEncryptedProtectedData::encrypt_seipdv2(OsRng, self.cipher, self.mode, self.chunk, key, plain);
        packet(Tag::SymEncryptedProtectedData, &locked.expect("a key that fits").to_bytes().expect("memory"))
    }
}

/// Encrypts the way of before RFC 9580: version 1, with a hash where a tag should be.
///
/// # Panics
/// When the library refuses.
#[must_use]
pub fn lock_v1(plain: &[u8], key: &[u8; 32]) -> Vec<u8> {
    let locked = SymEncryptedProtectedData::encrypt_seipdv1(OsRng, SymmetricKeyAlgorithm::AES256, key, plain);
    packet(Tag::SymEncryptedProtectedData, &locked.expect("a key that fits").to_bytes().expect("memory"))
}

/// A letter's key, wrapped for whatever subkey.
///
/// # Panics
/// When the library refuses.
#[must_use]
pub fn wrap(key: &[u8; 32], reader: &pgp::packet::PublicSubkey) -> Vec<u8> {
    let raw = RawSessionKey::from(key.as_slice());
    let wrapped = PublicKeyEncryptedSessionKey::from_session_key_v6(OsRng, &raw, reader).expect("a key");
    packet(Tag::PublicKeyEncryptedSessionKey, &wrapped.to_bytes().expect("memory"))
}

/// The envelope's own key: HKDF-SHA-256(session key, `envelope`).
#[must_use]
pub fn envelope_key(key: &[u8; 32]) -> [u8; 32] {
    let mut derived = [0; 32];
    Hkdf::<Sha256>::new(None, key).expand(b"envelope", &mut derived).expect("32 bytes is one hash");
    derived
}

fn unlock(locked: &[u8], key: &[u8; 32]) -> Vec<u8> {
    let (tag, body) = split(locked).remove(0);
    let header = PacketHeader::new_fixed(tag, u32::try_from(body.len()).expect("short"));
    let locked = SymEncryptedProtectedData::try_from_reader(header, &*body).expect("a packet");
    locked.decrypt(key, None, Seipdv1ReadMode::default()).expect("the right key")
}

fn document(plain: &[u8]) -> Vec<u8> {
    let (_, body) = split(plain).into_iter().find(|(tag, _)| *tag == Tag::LiteralData).expect("a document");
    body[6..].to_vec()
}

/// A letter, opened by somebody who holds its key: everything that they could rewrite.
#[derive(Clone)]
pub struct Rewritten {
    /// The session key that the content was encrypted with.
    pub key: [u8; 32],
    /// The MIME message, in clear.
    pub mime: String,
    /// The JSON of the envelope, in clear.
    pub envelope: serde_json::Value,
    /// Whom the signatures name.
    pub readers: Vec<Fingerprint>,
    /// The entry as the server had it.
    pub entry: Entry,
    /// The content packet as the server had it.
    pub content: Vec<u8>,
}

/// The entry and the content that a server would hold of a letter.
#[derive(Clone)]
pub struct Forged {
    /// The entry that the server is to tell of.
    pub entry: Entry,
    /// The content packet that the server is to serve.
    pub content: Vec<u8>,
}

impl Rewritten {
    /// Opens with a reader's keyring.
    ///
    /// # Panics
    /// When it is no letter to this reader.
    #[must_use]
    pub fn open(entry: &Entry, content: &[u8], reader: &Keyring, readers: Vec<Fingerprint>) -> Self {
        let released = entry.released.as_ref().expect("released");
        let key = *unwrap(&released.wrapped_key.0, reader).expect("wrapped for this reader").as_bytes();
        let mime = String::from_utf8(document(&unlock(content, &key))).expect("our contents are UTF-8");
        let envelope = document(&unlock(&released.envelope.0, &envelope_key(&key)));
        let envelope = serde_json::from_slice(&envelope).expect("JSON");
        Self { key, mime, envelope, readers, entry: entry.clone(), content: content.to_vec() }
    }

    /// With another MIME message.
    ///
    /// # Panics
    /// When nothing changes.
    #[must_use]
    pub fn replace(&self, from: &str, to: &str) -> Self {
        let mime = self.mime.replace(from, to);
        assert_ne!(mime, self.mime, "{from} stands in a content");
        Self { mime, ..self.clone() }
    }

    /// With something else in the envelope.
    #[must_use]
    pub fn claiming(&self, field: &str, value: impl Into<serde_json::Value>) -> Self {
        let mut envelope = self.envelope.clone();
        envelope[field] = value.into();
        Self { envelope, ..self.clone() }
    }

    /// Content and envelope signed anew, by the owner of this pen.
    #[must_use]
    pub fn signed(&self, pen: &Pen, at: Timestamp) -> Forged {
        self.holding(&LOCK.lock(&self.plain(pen, at), &self.key), pen, at)
    }

    /// What its envelope must name.
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        ContentHash::from_bytes(Sha256::digest(&self.content).into())
    }

    /// The signed document that the content packet holds.
    #[must_use]
    pub fn plain(&self, pen: &Pen, at: Timestamp) -> Vec<u8> {
        pen.sign(self.mime.as_bytes(), &self.readers, at, HashAlgorithm::Sha512)
    }

    /// A content as it stands, with an envelope that is in order and names it.
    #[must_use]
    pub fn holding(&self, content: &[u8], pen: &Pen, at: Timestamp) -> Forged {
        let named = self.claiming("content", BASE64URL_NOPAD.encode(&Sha256::digest(content)));
        let text = serde_json::to_vec(&named.envelope).expect("JSON");
        let plain = pen.sign(&text, &self.readers, at, HashAlgorithm::Sha512);
        Forged { content: content.to_vec(), entry: self.enveloped(&LOCK.lock(&plain, &envelope_key(&self.key))) }
    }

    /// The content as it was, with an envelope of these bytes.
    #[must_use]
    pub fn enveloped(&self, envelope: &[u8]) -> Entry {
        let mut entry = self.entry.clone();
        if let Some(released) = &mut entry.released {
            released.envelope = envelope.to_vec().into();
        }
        entry
    }

    /// Only the envelope signed anew, around the content as it was.
    #[must_use]
    pub fn envelope_signed(&self, pen: &Pen, at: Timestamp) -> Entry {
        self.holding(&self.content.clone(), pen, at).entry
    }
}

impl Forged {
    /// A letter that the vault sealed, as the server would hold it for this reader.
    ///
    /// # Panics
    /// When it was not sealed for this reader.
    #[must_use]
    pub fn sealed(like: &Entry, sealed: SealedLetter, thread: ThreadId, reader: &Keyring) -> Self {
        let wanted = reader.present().certificate().hash();
        let wrapped = sealed.wrapped.into_iter().find(|wrapped| wrapped.certificate == wanted);
        let wrapped_key = Octets(wrapped.expect("a key for this reader").bytes);
        let released = Some(Released { envelope: Octets(sealed.envelope), wrapped_key });
        let content_length = sealed.content.len() as u64;
        let entry = Entry { id: sealed.id, thread, released, content_length, ..like.clone() };
        Self { entry, content: sealed.content }
    }
}

/// The same bytes with one bit turned, in the middle.
#[must_use]
pub fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    flipped
}
