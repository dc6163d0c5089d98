//! Symmetric secrets of an account, and the keys of its lock slots (PROTOCOL §2).
//!
//! None of these has `Debug`, none is copied without being asked to, and all are wiped when dropped.

use hkdf::Hkdf;
use rand::{CryptoRng, RngCore};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use securemailbox_protocol::slots::SlotKind;

/// The bytes are no secret: there are more or fewer than 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret has 32 bytes")]
pub struct NotASecret;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Makes a new one of 32 random bytes.
            pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
                let mut bytes = [0; 32];
                rng.fill_bytes(&mut bytes);
                Self(bytes)
            }

            /// From where it was kept.
            ///
            /// # Errors
            /// [`NotASecret`]: not 32 bytes.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotASecret> {
                bytes.try_into().map(Self).map_err(|_| NotASecret)
            }

            /// For where it is kept. Whoever has these has the secret.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }
    };
}

secret!(
    /// 32 random bytes made at registration. It locks the account's sealed records.
    AccountSecret
);
secret!(
    /// What stays in the browser or profile of a person who is kept signed in. Worth nothing without the [`ServerShare`].
    DeviceSecret
);
secret!(
    /// The server's half of the key of a device slot or a link slot: made in the client, destroyed with the slot.
    ServerShare
);
secret!(
    /// What a passkey gives for the one input of the protocol (WebAuthn §10.1.4), the same each time. Leaves the page's way to
    /// its Worker for nowhere.
    PrfOutput
);

/// The key of one lock slot. Its kind went into its making, so that a key of one kind never opens a slot of another.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SlotKey([u8; 32]);

impl SlotKey {
    /// The key of a `device` slot, from both halves.
    #[must_use]
    pub fn of_device(device: &DeviceSecret, share: &ServerShare) -> Self {
        let mut both = [0; 64];
        both[..32].copy_from_slice(&device.0);
        both[32..].copy_from_slice(&share.0);
        let key = Self::derive(SlotKind::Device, &both);
        both.zeroize();
        key
    }

    /// The key of a `link` slot: from what the link says, the server's half, and what was agreed on, stretched, where something was.
    pub(crate) fn of_link(link: &[u8; 32], share: &ServerShare, agreed: Option<&[u8; 32]>) -> Self {
        let parts = [&link[..], &share.0, agreed.map_or(&[], |agreed| &agreed[..])];
        Self::derive(SlotKind::Link, &Zeroizing::new(parts.concat()))
    }

    /// The key of a `passkey` slot.
    #[must_use]
    pub fn of_passkey(output: &PrfOutput) -> Self {
        Self::derive(SlotKind::Passkey, &output.0)
    }

    /// HKDF-SHA-256 (RFC 5869) without salt: the inputs are uniform already. The info names the kind.
    pub(crate) fn derive(kind: SlotKind, input: &[u8]) -> Self {
        Self(expand(input, slot_info(kind)))
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

const fn slot_info(kind: SlotKind) -> &'static [u8] {
    match kind {
        SlotKind::Password => b"securemailbox/1 slot key password",
        SlotKind::Passkey => b"securemailbox/1 slot key passkey",
        SlotKind::Recovery => b"securemailbox/1 slot key recovery",
        SlotKind::Device => b"securemailbox/1 slot key device",
        SlotKind::Link => b"securemailbox/1 slot key link",
    }
}

/// One HKDF-SHA-256 output of 32 bytes.
pub(crate) fn expand(input: &[u8], info: &[u8]) -> [u8; 32] {
    let mut output = [0; 32];
    #[expect(clippy::expect_used, reason = "HKDF refuses only outputs over 255 hashes (RFC 5869 §2.3)")]
    Hkdf::<Sha256>::new(None, input).expand(info, &mut output).expect("32 bytes is one hash");
    output
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_key_of_one_kind_is_no_key_of_another() {
        let kinds = [SlotKind::Password, SlotKind::Passkey, SlotKind::Recovery, SlotKind::Device, SlotKind::Link];
        let keys: HashSet<_> = kinds.map(|kind| *SlotKey::derive(kind, &[7; 32]).as_bytes()).into_iter().collect();
        assert_eq!(keys.len(), kinds.len());
    }

    #[test]
    fn a_device_key_needs_both_halves_in_their_places() {
        let (a, b) = (DeviceSecret([1; 32]), ServerShare([2; 32]));
        let turned = SlotKey::of_device(&DeviceSecret([2; 32]), &ServerShare([1; 32]));
        assert_ne!(SlotKey::of_device(&a, &b).as_bytes(), turned.as_bytes());
        assert_ne!(SlotKey::of_device(&a, &b).as_bytes(), SlotKey::of_device(&a, &ServerShare([3; 32])).as_bytes());
    }
}
