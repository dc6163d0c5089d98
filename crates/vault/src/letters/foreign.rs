//! Messages that other programs signed and encrypted: standard OpenPGP, as strictly verified as a letter.

use pgp::types::Tag;
use zeroize::Zeroizing;

use securemailbox_protocol::{limits, time::Timestamp};

use super::{Refused, layers::Layers, open::unwrap_packet};
use crate::{
    certificates::Certificate,
    keyring::Keyring,
    packets::{self, Lengths, LockedRefused},
};

/// A verified message of another program. It has no envelope and no manifest, so it is not a letter.
pub struct ForeignMessage {
    document: Zeroizing<Vec<u8>>,
    signed_at: Timestamp,
    names_its_reader: bool,
}

impl ForeignMessage {
    /// The document that was signed, byte for byte.
    #[must_use]
    pub fn document(&self) -> &[u8] {
        &self.document
    }

    /// When, by the signer's clock.
    #[must_use]
    pub const fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// Whether the signature says for whom it was made. Without that, whoever got the message may have passed it on
    /// under a new wrapped key: many programs do not say it, so it is told and not refused.
    #[must_use]
    pub const fn names_its_reader(&self) -> bool {
        self.names_its_reader
    }
}

/// Opens a binary OpenPGP message that `sender` signed and encrypted with another program: wrapped keys, one of them for
/// this keyring, and one encrypted packet. Every refusal of a letter holds, with two exceptions: packets may be written in
/// parts, and the signature may name no reader (see [`ForeignMessage::names_its_reader`]).
///
/// # Errors
/// [`Refused`] names what is wrong.
pub fn open_foreign(
    message: &[u8],
    sender: &Certificate,
    reader: &Keyring,
    now: Timestamp,
) -> Result<ForeignMessage, Refused> {
    if message.len() > limits::CONTENT {
        return Err(Refused::TooLarge);
    }
    let packets = packets::split(message, Lengths::Partial).map_err(|_| Refused::NotAMessage)?;
    let [wrapped_keys @ .., locked] = &packets[..] else { return Err(LockedRefused::NotOnePacket.into()) };
    let is_wrapped = |tag| tag == Tag::PublicKeyEncryptedSessionKey;
    if locked.tag != Tag::SymEncryptedProtectedData || !wrapped_keys.iter().all(|packet| is_wrapped(packet.tag)) {
        return Err(LockedRefused::NotOnePacket.into());
    }
    let key = wrapped_keys
        .iter()
        .map(|packet| unwrap_packet(packet, reader))
        .find(|unwrapped| !matches!(unwrapped, Err(Refused::WrappedForAnother)))
        .unwrap_or(Err(Refused::WrappedForAnother))?;
    let plain = Zeroizing::new(packets::unlock(locked, key.as_bytes())?);
    let (document, verified) = Layers::parse(&plain, Lengths::Partial)?.verify(sender.primary(), now)?;
    let names_its_reader = reader.certificates().any(|own| verified.intended.contains(&own.fingerprint()));
    if !verified.intended.is_empty() && !names_its_reader {
        return Err(Refused::NotToThisReader);
    }
    Ok(ForeignMessage { document, signed_at: verified.created, names_its_reader })
}
