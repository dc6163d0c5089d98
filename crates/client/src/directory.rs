//! Looking people up, and believing no more than what fits what is known of them (PROTOCOL §2, §4.1).

use securemailbox_protocol::{
    address::Address,
    directory::{Listing, LookUp},
    ids::{AccountId, CertificateHash},
    levels::Level,
    limits,
    octets::Octets,
    problems::ProblemType,
};
use securemailbox_vault::{
    certificates::{Certificate, CertificateRefused},
    known_keys::{KeyRefused, KnownKey},
};

use crate::{
    contacts::{Event, Standing},
    failure::{CallError, Class, Explained, Failure, explained},
    mailbox::{Mailbox, Warning},
    transport::Method,
    world::World,
};

/// Somebody one may write to.
#[derive(Clone)]
pub struct Recipient {
    /// Where the server puts the letter.
    pub account: AccountId,
    /// What the letter's key is wrapped for.
    pub certificate: Certificate,
    /// How sure one is of it. Whoever sends must have shown this.
    pub standing: Standing,
    /// How the person is identified when reading, by the server's word; one's own is not asked for.
    pub level: Option<Level>,
}

/// Nothing can be sent to this address now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookUpError {
    /// See there.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Nobody has it, and nobody was known by it.
    #[error("nobody with this address has a mailbox here")]
    NoAccount,
    /// Another key than the known one, or none where there was one (ATTACKS 14, 15).
    #[error("the key of this contact is not the one known before")]
    KeyChanged,
    /// The person compared this key's digits, and they differed (PROTOCOL §2).
    #[error("the digits of this contact's key were compared, and differ")]
    DigitsDiffer,
    /// The same key in an older certificate (ATTACKS 7).
    #[error("the server offers an older certificate of this contact than one already seen")]
    OlderCertificate,
    /// No certificate that a letter may be wrapped for (ATTACKS 17).
    #[error("the server offers a certificate that can't be used: {0}")]
    Certificate(#[from] CertificateRefused),
}

impl Failure for LookUpError {
    fn explain(&self) -> Explained {
        match self {
            Self::Call(error) => error.explain(),
            Self::NoAccount => explained("no-account", Class::NotFound, ProblemType::NoAccount.advice()),
            Self::KeyChanged => explained(
                "key-changed",
                Class::Refused,
                "Nothing was sent. Ask the person, over another channel, whether they have a new key. Then `accept` it, \
                 or `compare` the sixty digits with them, which is surer.",
            ),
            Self::DigitsDiffer => explained(
                "digits-differ",
                Class::Refused,
                "Nothing was sent. `compare` the sixty digits with the person once more, best over another telephone. If they \
                 still differ, tell the operator.",
            ),
            Self::OlderCertificate => explained(
                "older-certificate",
                Class::Damaged,
                "Nothing was sent. Tell the operator: the server may have been tampered with, or restored from an old \
                 backup.",
            ),
            Self::Certificate(_) => explained(
                "certificate-refused",
                Class::Damaged,
                "Nothing was sent. Tell the operator, and ask the person to update their client.",
            ),
        }
    }
}

/// What the directory says of an address, checked in itself but not against what is known.
enum Said {
    Has(Box<(Listing, Certificate)>),
    Nobody,
}

impl Mailbox {
    /// Looks up somebody to write to. What the server says is pinned, and believed only where it fits what is known.
    ///
    /// # Errors
    /// [`LookUpError`]
    pub async fn look_up(&mut self, world: &impl World, address: &Address) -> Result<Recipient, LookUpError> {
        if address == self.address() {
            // A client encrypts to itself only with keys from its keyring (ATTACKS 5).
            let certificate = self.keyring.present().certificate().clone();
            return Ok(Recipient { account: self.owner.account, certificate, standing: Standing::Own, level: None });
        }
        match self.ask_directory(world, address).await? {
            Said::Has(said) => {
                let (listing, certificate) = *said;
                let judged = self.contacts.may_write_to(&certificate);
                self.pin_listing(&certificate, &judged);
                let standing = judged.map(Standing::from).map_err(|refused| match refused {
                    KeyRefused::Changed { .. } => LookUpError::KeyChanged,
                    KeyRefused::Older => LookUpError::OlderCertificate,
                })?;
                if self.contacts.get(address).is_some_and(|contact| contact.differs == Some(certificate.fingerprint()))
                {
                    return Err(LookUpError::DigitsDiffer);
                }
                Ok(Recipient { account: listing.account, certificate, standing, level: Some(listing.level) })
            }
            Said::Nobody if self.contacts.get(address).is_some() => {
                self.pin(address, Event::Gone);
                Err(LookUpError::KeyChanged)
            }
            Said::Nobody => Err(LookUpError::NoAccount),
        }
    }

    /// Whether others are shown one's own certificate: asked at each sign-in (PROTOCOL §2).
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn check_own_listing(&self, world: &impl World) -> Result<Vec<Warning>, CallError> {
        let look_up = LookUp { address: self.address().clone() };
        let own = self.keyring.present().certificate().bytes();
        match self.session.api(world).send::<Listing>(Method::Post, "/directory/look-ups", &look_up).await {
            Ok(listing) if listing.certificate.as_ref() == own => Ok(Vec::new()),
            Ok(_) => Ok(vec![Warning::OwnCertificateDiffers]),
            Err(error) if error.problem() == Some(ProblemType::NoAccount) => Ok(vec![Warning::OwnCertificateDiffers]),
            Err(error) => Err(error),
        }
    }

    /// Fetches a certificate by its hash, once; it must be one of this address.
    pub(crate) async fn certificate(
        &mut self,
        world: &impl World,
        hash: CertificateHash,
        address: &Address,
    ) -> Result<Certificate, LookUpError> {
        let bytes = match self.index.certificates.get(&hash) {
            Some(kept) => kept.0.clone(),
            None => {
                let path = format!("/directory/certificates/{hash}");
                self.session.api(world).get_raw(&path, limits::CERTIFICATE).await?
            }
        };
        let certificate = Certificate::parse(&bytes, address, world.now())?;
        if certificate.hash() != hash {
            return Err(CallError::Unreadable.into());
        }
        self.index.certificates.insert(hash, Octets(bytes));
        Ok(certificate)
    }

    async fn ask_directory(&self, world: &impl World, address: &Address) -> Result<Said, LookUpError> {
        let look_up = LookUp { address: address.clone() };
        match self.session.api(world).send::<Listing>(Method::Post, "/directory/look-ups", &look_up).await {
            Ok(listing) => {
                let certificate = Certificate::parse(listing.certificate.as_ref(), address, world.now())?;
                Ok(Said::Has(Box::new((listing, certificate))))
            }
            Err(error) if error.problem() == Some(ProblemType::NoAccount) => Ok(Said::Nobody),
            Err(error) => Err(error.into()),
        }
    }

    fn pin_listing(&mut self, certificate: &Certificate, judged: &Result<impl Sized, KeyRefused>) {
        // An older certificate of the known key tells nothing new; the refusal says what there is to say.
        if !matches!(judged, Err(KeyRefused::Older)) {
            self.pin(certificate.address(), Event::Met(KnownKey::first(certificate)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{TestWorld, address, annas_mailbox, identity, listing, problem, ready};

    const LOOK_UPS: &str = "/directory/look-ups";

    fn look_up(world: &TestWorld, mailbox: &mut Mailbox) -> Result<Standing, LookUpError> {
        ready(mailbox.look_up(world, &address("bjorn"))).map(|recipient| recipient.standing)
    }

    #[test]
    fn a_key_met_for_the_first_time_is_the_servers_word() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        assert_eq!(look_up(&world, &mut mailbox), Ok(Standing::New));
    }

    #[test]
    fn another_key_stops_the_sending_and_so_does_none() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 11)));
        world.server.will(LOOK_UPS, problem(ProblemType::NoAccount));
        assert_eq!(look_up(&world, &mut mailbox), Ok(Standing::New));
        assert_eq!(look_up(&world, &mut mailbox), Err(LookUpError::KeyChanged));
        assert_eq!(look_up(&world, &mut mailbox), Err(LookUpError::KeyChanged));
    }

    #[test]
    fn nobody_is_nobody_only_for_an_address_that_never_had_a_key() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, problem(ProblemType::NoAccount));
        assert_eq!(look_up(&world, &mut mailbox), Err(LookUpError::NoAccount));
    }

    #[test]
    fn another_persons_certificate_is_no_certificate() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("elif", 10)));
        assert!(matches!(look_up(&world, &mut mailbox), Err(LookUpError::Certificate(_))));
        assert_eq!(mailbox.contacts().get(&address("bjorn")), None);
    }

    #[test]
    fn oneself_is_taken_from_the_keyring_and_never_asked_for() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        let own = ready(mailbox.look_up(&world, &address("anna"))).unwrap();
        assert_eq!(own.certificate.fingerprint(), mailbox.fingerprint());
        assert!(world.server.asked.borrow().is_empty());
    }

    #[test]
    fn a_directory_that_shows_others_another_key_for_oneself_is_told_of() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(mailbox.keyring.present()));
        world.server.will(LOOK_UPS, listing(&identity("anna", 99)));
        world.server.will(LOOK_UPS, problem(ProblemType::NoAccount));
        let warnings = || ready(mailbox.check_own_listing(&world)).unwrap();
        assert_eq!(warnings(), []);
        assert_eq!(warnings(), [Warning::OwnCertificateDiffers]);
        assert_eq!(warnings(), [Warning::OwnCertificateDiffers]);
    }

    #[test]
    fn a_certificate_that_is_not_the_one_its_hash_names_is_refused() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        let (asked, served) = (identity("bjorn", 10), identity("bjorn", 11));
        let hash = asked.certificate().hash();
        let path: &'static str = format!("/directory/certificates/{hash}").leak();
        let body = served.certificate().bytes().to_vec();
        let answer = crate::transport::Response {
            status: 200,
            content_type: "application/octet-stream".into(),
            body,
            ..Default::default()
        };
        world.server.will(path, answer);
        assert!(ready(mailbox.certificate(&world, hash, &address("bjorn"))).is_err());
        assert!(mailbox.index.certificates.is_empty());
    }
}
