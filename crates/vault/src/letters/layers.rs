//! What lies inside an encrypted packet: one signed document and its padding, and nothing else (PROTOCOL §3, §11).

use std::borrow::Cow;

use pgp::{
    packet::{Signature, SignatureVersionSpecific},
    ser::Serialize,
    types::{KeyDetails, Tag},
};
use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use securemailbox_protocol::{ids::Fingerprint, time::Timestamp};

use super::{Refused, padding};
use crate::{
    identities::Identity,
    packets::{self, Lengths, Packet},
    signatures::{self, SignatureRefused, Verified},
};

/// Signs a document for these readers and pads it: what an encrypted packet is made of.
pub(super) fn compose(
    document: &[u8],
    readers: &[Fingerprint],
    at: Timestamp,
    sender: &Identity,
    rng: &mut (impl RngCore + CryptoRng),
) -> Zeroizing<Vec<u8>> {
    #[expect(clippy::expect_used, reason = "signing fails only for a locked key, and an identity is unlocked")]
    let signature = signatures::sign(document, readers, at, sender.primary(), rng).expect("an unlocked key");
    #[expect(clippy::expect_used, reason = "writing to memory does not fail")]
    let signature_body = signature.to_bytes().expect("memory");
    let mut plain = Zeroizing::new(Vec::with_capacity(document.len() + document.len() / 8 + 4096));
    packets::write(Tag::OnePassSignature, &announcement(&signature, sender.primary()), &mut plain);
    packets::write(Tag::LiteralData, &[&LITERAL, document].concat(), &mut plain);
    packets::write(Tag::Signature, &signature_body, &mut plain);
    padding::pad(&mut plain, rng);
    plain
}

/// Binary, without a file name, without a date (RFC 9580 §5.9): no signature covers these, so they say nothing.
const LITERAL: [u8; 6] = [b'b', 0, 0, 0, 0, 0];

/// The body of the one-pass signature packet that announces this signature (RFC 9580 §5.4).
pub(super) fn announcement(signature: &Signature, signer: &impl KeyDetails) -> Vec<u8> {
    let Some(config) = signature.config() else { return Vec::new() };
    let salt: &[u8] = match &config.version_specific {
        SignatureVersionSpecific::V6 { salt } => salt,
        SignatureVersionSpecific::V2 { .. } | SignatureVersionSpecific::V3 { .. } | SignatureVersionSpecific::V4 => &[],
    };
    let mut body = vec![6, u8::from(config.typ()), u8::from(config.hash_alg), u8::from(config.pub_alg)];
    body.push(u8::try_from(salt.len()).unwrap_or(u8::MAX));
    body.extend_from_slice(salt);
    body.extend_from_slice(signer.fingerprint().as_bytes());
    // Nested: no. This is the last signature before the document.
    body.push(1);
    body
}

/// A document, its signature, and what announced it: taken apart, not believed.
pub(super) struct Layers {
    document: Zeroizing<Vec<u8>>,
    announcement: Vec<u8>,
    signature: Vec<u8>,
}

impl Layers {
    /// Takes apart what an encrypted packet held.
    pub(super) fn parse(plain: &[u8], lengths: Lengths) -> Result<Self, Refused> {
        let packets = packets::split(plain, lengths).map_err(|_| Refused::NotAMessage)?;
        let (announcement, literal, signature) = match &packets[..] {
            [announcement, literal, signature] => (announcement, literal, signature),
            [announcement, literal, signature, padding] if padding.tag == Tag::Padding => {
                (announcement, literal, signature)
            }
            other => return Err(why_not(other)),
        };
        if [announcement.tag, literal.tag, signature.tag] != [Tag::OnePassSignature, Tag::LiteralData, Tag::Signature] {
            return Err(why_not(&packets));
        }
        Ok(Self {
            document: Zeroizing::new(document(literal, lengths)?.to_vec()),
            announcement: announcement.body.to_vec(),
            signature: signature.body.to_vec(),
        })
    }

    /// The document that nobody has verified.
    #[cfg(any(test, fuzzing))]
    pub(super) fn unverified(&self) -> &[u8] {
        &self.document
    }

    /// Believes it: the document, if `signer` signed exactly this.
    pub(super) fn verify(
        self,
        signer: &pgp::packet::PublicKey,
        now: Timestamp,
    ) -> Result<(Zeroizing<Vec<u8>>, Verified), SignatureRefused> {
        let packet = Packet { tag: Tag::Signature, body: Cow::Borrowed(&self.signature) };
        let verified = signatures::verify(&packet, &self.document, signer, now)?;
        if self.announcement != self::announcement(&verified.signature, signer) {
            return Err(SignatureRefused::NotASignature);
        }
        Ok((self.document, verified))
    }
}

fn document<'a>(literal: &'a Packet<'_>, lengths: Lengths) -> Result<&'a [u8], Refused> {
    let name = match (&*literal.body, lengths) {
        (body, Lengths::Fixed) => return body.strip_prefix(&LITERAL).ok_or(Refused::NotAMessage),
        ([_, name, ..], Lengths::Partial) => usize::from(*name),
        (_, Lengths::Partial) => return Err(Refused::NotAMessage),
    };
    literal.body.get(2 + name + 4..).ok_or(Refused::NotAMessage)
}

/// Names what is wrong with a list of packets that is not ours.
fn why_not(packets: &[Packet<'_>]) -> Refused {
    let has = |tags: &[Tag]| packets.iter().any(|packet| tags.contains(&packet.tag));
    if has(&[Tag::CompressedData]) {
        Refused::Compressed
    } else if has(&[
        Tag::SymEncryptedProtectedData,
        Tag::SymEncryptedData,
        Tag::PublicKeyEncryptedSessionKey,
        Tag::SymKeyEncryptedSessionKey,
    ]) {
        Refused::SecondLayer
    } else if has(&[Tag::LiteralData]) && !has(&[Tag::Signature]) {
        Refused::Signature(SignatureRefused::Missing)
    } else {
        Refused::NotAMessage
    }
}
