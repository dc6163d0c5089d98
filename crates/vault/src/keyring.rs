//! The keyring: an account's private keys, present and former (PROTOCOL §2). A sealed record.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use securemailbox_protocol::{address::Address, limits, time::Timestamp};

use crate::identities::{Identity, IdentityRefused};

/// An account's private keys. A client encrypts to itself only with keys from here, never with what the directory says.
pub struct Keyring {
    present: Identity,
    former: Vec<Identity>,
}

/// A keyring that opened but is none. It was sealed by its owner, so this is a fault, or the work of a newer program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringRefused {
    /// Not the bytes of a keyring.
    #[error("not a keyring")]
    NotAKeyring,
    /// An identity in it is refused.
    #[error("an identity in the keyring is refused: {0}")]
    Identity(#[from] IdentityRefused),
}

/// The record's text. Identities are transferable secret keys (RFC 9580 §10.2), base64url.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Text {
    present: String,
    former: Vec<String>,
}

impl Keyring {
    /// The keyring of a new account.
    #[must_use]
    pub const fn new(present: Identity) -> Self {
        Self { present, former: Vec::new() }
    }

    /// Takes a new identity in use; the one before it stays to open what it was written.
    #[must_use]
    pub fn succeeded_by(self, present: Identity) -> Self {
        let former = std::iter::once(self.present).chain(self.former).collect();
        Self { present, former }
    }

    /// What one signs with and is written to.
    #[must_use]
    pub const fn present(&self) -> &Identity {
        &self.present
    }

    /// The present identity and then the former ones, newest first.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        std::iter::once(&self.present).chain(&self.former)
    }

    /// For [`crate::records::seal`].
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let text = |identity: &Identity| BASE64URL_NOPAD.encode(&identity.to_bytes());
        let text = Text { present: text(&self.present), former: self.former.iter().map(text).collect() };
        #[expect(clippy::expect_used, reason = "two fields of text are JSON")]
        Zeroizing::new(serde_json::to_vec(&text).expect("text is JSON"))
    }

    /// From [`crate::records::open`].
    ///
    /// # Errors
    /// [`KeyringRefused`]: not a keyring of this address.
    pub fn from_bytes(bytes: &[u8], address: &Address, now: Timestamp) -> Result<Self, KeyringRefused> {
        if bytes.len() > limits::KEYRING {
            return Err(KeyringRefused::NotAKeyring);
        }
        let text: Text = serde_json::from_slice(bytes).map_err(|_| KeyringRefused::NotAKeyring)?;
        let identity = |text: &String| {
            let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| KeyringRefused::NotAKeyring)?;
            Ok(Identity::from_bytes(&Zeroizing::new(bytes), address, now)?)
        };
        let former = text.former.iter().map(identity).collect::<Result<_, KeyringRefused>>()?;
        Ok(Self { present: identity(&text.present)?, former })
    }
}
