//! The keyring: an account's private keys, present and former (PROTOCOL §2). A sealed record.

use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use securemailbox_protocol::{address::Address, coding::base64url, limits, time::Timestamp};

use crate::{
    certificates::{Certificate, CertificateRefused},
    identities::{Identity, IdentityRefused},
};

/// An account's private keys. A client encrypts to itself only with keys from here, never with what the directory says.
pub struct Keyring {
    present: Identity,
    former: Vec<Identity>,
    /// Certificates of other primary keys whose private keys were given up: their owner is still known by them.
    given_up: Vec<Certificate>,
}

/// The bytes opened and are no keyring. Their owner sealed them, so this is a fault, or the work of a newer program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringRefused {
    /// Not the bytes of a keyring.
    #[error("not a keyring")]
    NotAKeyring,
    /// An identity in it is refused.
    #[error("an identity in the keyring is refused: {0}")]
    Identity(#[from] IdentityRefused),
    /// A certificate in it is refused.
    #[error("a certificate in the keyring is refused: {0}")]
    Certificate(#[from] CertificateRefused),
}

/// The record's text. Identities are transferable secret keys (RFC 9580 §10.2), base64url.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Text {
    present: String,
    former: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    given_up: Vec<String>,
}

impl Keyring {
    /// The keyring of a new account.
    #[must_use]
    pub const fn new(present: Identity) -> Self {
        Self { present, former: Vec::new(), given_up: Vec::new() }
    }

    /// Takes a new identity in use; the one before it stays to open what it was written.
    #[must_use]
    pub fn succeeded_by(self, present: Identity) -> Self {
        let former = std::iter::once(self.present).chain(self.former).collect();
        Self { present, former, given_up: self.given_up }
    }

    /// Puts another identity of the same address beside the present one, to open what it was written (PROTOCOL §5). One that is
    /// there already is not put twice.
    #[must_use]
    pub fn joined_by(self, other: Identity) -> Self {
        let is_here = self.identities().any(|own| own.certificate().hash() == other.certificate().hash());
        let joining = (!is_here).then_some(other);
        Self { former: joining.into_iter().chain(self.former).collect(), ..self }
    }

    /// The keyring after a renewal: another subkey under the same primary key, and the one before to open what it was
    /// written (PROTOCOL §10).
    #[must_use]
    pub fn renewed(&self, now: Timestamp, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let former = self.identities().cloned().collect();
        Self { present: self.present.renewed(now, rng), former, given_up: self.given_up.clone() }
    }

    /// Whether it holds former keys: what was written to them opens until it is written to the present one.
    #[must_use]
    pub const fn has_former(&self) -> bool {
        !self.former.is_empty()
    }

    /// The keyring with nothing but the present identity, for the end of a thorough renewal: what is wrapped for a former
    /// subkey opens no more (PROTOCOL §10). Of another primary key, as that of a guest who has a mailbox now, the certificate
    /// stays: by it a letter is known as one's own, or as written to oneself.
    #[must_use]
    pub fn without_former(&self) -> Self {
        let own = self.present.certificate().fingerprint();
        let former = self.former.iter().map(Identity::certificate).chain(&self.given_up);
        let given_up = former.filter(|certificate| certificate.fingerprint() != own).cloned().collect();
        Self { present: self.present.clone(), former: Vec::new(), given_up }
    }

    /// The certificates by which its owner is known, or was: the present one first.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.identities().map(Identity::certificate).chain(&self.given_up)
    }

    /// The key that its owner signs with and is written to.
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
        let text = |identity: &Identity| base64url::encode(&identity.to_bytes());
        let given_up = self.given_up.iter().map(|certificate| base64url::encode(certificate.bytes())).collect();
        let text = Text { present: text(&self.present), former: self.former.iter().map(text).collect(), given_up };
        #[expect(clippy::expect_used, reason = "three fields of text are JSON")]
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
            let bytes = base64url::decode(text).map_err(|_| KeyringRefused::NotAKeyring)?;
            Ok(Identity::from_bytes(&Zeroizing::new(bytes), address, now)?)
        };
        let former = text.former.iter().map(identity).collect::<Result<_, KeyringRefused>>()?;
        let certificate = |text: &String| {
            let bytes = base64url::decode(text).map_err(|_| KeyringRefused::NotAKeyring)?;
            Ok(Certificate::parse(&bytes, address, now)?)
        };
        let given_up = text.given_up.iter().map(certificate).collect::<Result<_, KeyringRefused>>()?;
        Ok(Self { present: identity(&text.present)?, former, given_up })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixtures::{ANNA, NOW, address, certificate, letter, rng},
        letters,
    };

    fn anna() -> Address {
        address("anna@example.se")
    }

    #[test]
    fn a_keyring_comes_back_and_fits_its_record() {
        let bytes = ANNA.to_bytes();
        assert!(bytes.len() < limits::KEYRING);
        let back = Keyring::from_bytes(&bytes, &anna(), NOW).unwrap();
        assert_eq!(back.to_bytes(), bytes);
        assert_eq!(certificate(&back).hash(), certificate(&ANNA).hash());
    }

    #[test]
    fn a_former_key_still_opens_what_it_was_written() {
        let old = Keyring::from_bytes(&ANNA.to_bytes(), &anna(), NOW).unwrap();
        let sealed = letters::seal(&letter(), old.present(), &mut rng(1)).unwrap();
        let new = Identity::generate(&anna(), NOW, &mut rng(50));
        let (old, new) = (certificate(&old).fingerprint(), old.succeeded_by(new));
        let new = Keyring::from_bytes(&new.to_bytes(), &anna(), NOW).unwrap();
        assert_ne!(certificate(&new).fingerprint(), old);
        assert_eq!(new.identities().map(|identity| identity.certificate().fingerprint()).nth(1), Some(old));
        assert!(letters::unwrap(&sealed.wrapped[0].bytes, &new).is_ok());
    }

    #[test]
    fn after_a_thorough_renewal_a_letter_opens_by_the_new_subkey_and_no_more_by_the_old_one() {
        let old = Keyring::from_bytes(&ANNA.to_bytes(), &anna(), NOW).unwrap();
        let sealed = letters::seal(&letter(), old.present(), &mut rng(1)).unwrap();
        let wrapped = &sealed.wrapped[0].bytes;
        let new = Keyring::from_bytes(&ANNA.to_bytes(), &anna(), NOW).unwrap().renewed(NOW, &mut rng(50));
        let key = letters::unwrap(wrapped, &new).unwrap();
        let rewrapped =
            letters::rewrap(wrapped, &new, &mut rng(2)).unwrap().expect("it was wrapped for the former subkey");
        assert_eq!(letters::rewrap(&rewrapped, &new, &mut rng(3)).unwrap(), None, "once is enough");

        let thorough = new.without_former();
        assert!(new.has_former() && !thorough.has_former());
        let thorough = Keyring::from_bytes(&thorough.to_bytes(), &anna(), NOW).unwrap();
        assert_eq!(letters::unwrap(&rewrapped, &thorough).unwrap().as_bytes(), key.as_bytes());
        assert!(letters::unwrap(wrapped, &thorough).is_err(), "the former subkey is gone");
        assert!(letters::unwrap(&rewrapped, &old).is_err(), "whoever has the old keyring only opens nothing of it");
    }

    #[test]
    fn of_another_primary_key_the_certificate_stays_when_its_private_key_is_given_up() {
        let guest = Keyring::from_bytes(&ANNA.to_bytes(), &anna(), NOW).unwrap();
        let was = certificate(&guest).hash();
        let own = Identity::generate(&anna(), NOW, &mut rng(50));
        let claimed = guest.succeeded_by(own).renewed(NOW, &mut rng(51));
        let thorough = claimed.without_former();
        let thorough = Keyring::from_bytes(&thorough.to_bytes(), &anna(), NOW).unwrap();
        assert!(!thorough.has_former());
        let known: Vec<_> = thorough.certificates().map(Certificate::hash).collect();
        assert_eq!(known, [certificate(&thorough).hash(), was]);
        let again = thorough.renewed(NOW, &mut rng(52)).without_former();
        assert_eq!(again.certificates().nth(1).map(Certificate::hash), Some(was), "and stays");
        let others = Keyring::from_bytes(&thorough.to_bytes(), &address("bo@example.se"), NOW).err();
        assert!(others.is_some());
    }

    #[test]
    fn what_is_no_keyring_is_refused() {
        let refused = |bytes: &[u8]| Keyring::from_bytes(bytes, &anna(), NOW).err();
        let not = Some(KeyringRefused::NotAKeyring);
        assert_eq!(refused(b"{}"), not);
        assert_eq!(refused(b"{\"present\":\"!\",\"former\":[]}"), not);
        assert_eq!(refused(&vec![b' '; limits::KEYRING + 1]), not);
        assert_eq!(refused(b"{\"present\":\"\",\"former\":[],\"more\":1}"), not);
        assert!(matches!(refused(b"{\"present\":\"\",\"former\":[]}"), Some(KeyringRefused::Identity(_))));
    }

    #[test]
    fn the_keyring_of_another_address_is_refused() {
        let refused = Keyring::from_bytes(&ANNA.to_bytes(), &address("bo@example.se"), NOW).err();
        assert!(matches!(refused, Some(KeyringRefused::Identity(IdentityRefused::Certificate(_)))));
    }
}
