//! Looking people up, and believing no more than what fits what is known of them (PROTOCOL §2, §4.1).

use std::time::Duration;

use securemailbox_protocol::{
    address::Address,
    directory::{Listing, LookUp},
    endpoints,
    ids::CertificateHash,
    limits,
    octets::Octets,
    problems::ProblemType,
};
use securemailbox_vault::{
    certificates::{Certificate, CertificateRefused},
    known_keys::{KeyRefused, KnownKey},
};
use serde::Serialize;

use crate::{
    contacts::{Event, Standing},
    device::{Expected, RowId, Table},
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    letters::DamageName,
    mailbox::Mailbox,
    recipient::Recipient,
    world::World,
};

/// For how long what the directory said of somebody counts without asking again: from the chip to the sending. A key that
/// was replaced meanwhile is refused by the server.
const LOOK_UP_COUNTS: Duration = Duration::from_secs(5 * 60);
/// How many look-ups are remembered.
const LOOK_UPS: usize = 256;

/// Something a person should know that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Warning {
    /// The directory shows others a certificate for this address that is not one's own (ATTACKS 5).
    OwnCertificateDiffers,
}

/// Nothing can be sent to this address now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookUpError {
    /// The server was not reached, or refused.
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
    /// The number that the person knows is not theirs, by the server's word (ATTACKS 26).
    #[error("the mobile number that you know is none that the owner of this address proved, says the server")]
    NumberDiffers,
    /// They were written to by a link before, which opens by other words than these, or by none.
    #[error("this person has a link from you already, with other words or none")]
    OtherPassphrase,
    /// They wrote by one's public page, and open an answer by their link alone: no level can be demanded of them.
    #[error("this person opens an answer by a link alone")]
    NoLevelByLink,
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
            Self::NoAccount => explained(ProblemType::NoAccount, Class::NotFound, ProblemType::NoAccount.advice()),
            Self::KeyChanged => explained(
                ClientProblem::KeyChanged,
                Class::Refused,
                "Nothing was sent. Ask the person, over another channel, whether they have a new key. Then `accept` it, \
                 or `compare` the sixty digits with them, which is surer.",
            ),
            Self::DigitsDiffer => explained(
                ClientProblem::DigitsDiffer,
                Class::Refused,
                "Nothing was sent. `compare` the sixty digits with the person once more, best over another telephone. If they \
                 still differ, tell the operator.",
            ),
            Self::NumberDiffers => explained(
                ClientProblem::NumberDiffers,
                Class::Refused,
                "Nothing was sent. Somebody else may have registered the address: ask the person for their number over another \
                 channel, or `compare` the sixty digits with them. `contacts write-anyway` forgets what the server said.",
            ),
            Self::OtherPassphrase => explained(
                ClientProblem::OtherPassphrase,
                Class::Refused,
                "Nothing was sent. A link keeps the words that it was made with: write without new ones (`invitations --passphrase` \
                 prints those there are), or take everything back first (`invitations --withdraw`).",
            ),
            Self::NoLevelByLink => explained(
                ClientProblem::NoLevelByLink,
                Class::Refused,
                "Nothing was sent. Whoever wrote by your page has no phone and no app here: send it without a demand.",
            ),
            Self::OlderCertificate => explained(
                DamageName::OlderCertificate,
                Class::Damaged,
                "Nothing was sent. Tell the operator: the server may have been tampered with, or restored from an old \
                 backup.",
            ),
            Self::Certificate(_) => explained(
                DamageName::CertificateRefused,
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
    pub async fn look_up(&self, world: &impl World, address: &Address) -> Result<Recipient, LookUpError> {
        if address == self.address() {
            // A client encrypts to itself only with keys from its keyring (ATTACKS 5).
            let certificate = self.keyring().present().certificate().clone();
            return Ok(Recipient { account: self.owner.account, certificate, standing: Standing::Own, level: None });
        }
        self.state.borrow_mut().looked_up.remove(address);
        let said = self.ask_directory(world, address).await?;
        let known = self.state.borrow().contacts.get(address).is_some_and(|contact| contact.key.is_some());
        match said {
            Said::Has(said) => {
                let (listing, certificate) = *said;
                self.take_claim(world, &listing, &certificate).await?;
                let judged = self.state.borrow().contacts.may_write_to(&certificate);
                // An older certificate of the known key tells nothing new; the refusal says what there is to say.
                if !matches!(judged, Err(KeyRefused::Older)) {
                    self.pin(world, address, Event::Met(KnownKey::first(&certificate)));
                }
                judged.map_err(|refused| match refused {
                    KeyRefused::Changed { .. } => LookUpError::KeyChanged,
                    KeyRefused::Older => LookUpError::OlderCertificate,
                })?;
                let standing = self.standing(address, &certificate.fingerprint());
                if standing == Standing::Differs {
                    return Err(LookUpError::DigitsDiffer);
                }
                if self.state.borrow().contacts.number_differs(address, &certificate.fingerprint()) {
                    return Err(LookUpError::NumberDiffers);
                }
                let level = Some(listing.level);
                let recipient = Recipient { account: listing.account, certificate, standing, level };
                self.remember_look_up(world, &recipient);
                Ok(recipient)
            }
            Said::Nobody if known && !self.was_invited(address) => {
                self.pin(world, address, Event::Gone);
                Err(LookUpError::KeyChanged)
            }
            Said::Nobody => Err(LookUpError::NoAccount),
        }
    }

    /// How the key of somebody to write to stands. While nobody can be asked it is as it was known: a letter can be written
    /// to them, and waits until they are looked up.
    ///
    /// # Errors
    /// [`LookUpError`]
    pub async fn may_write_to(&self, world: &impl World, address: &Address) -> Result<Standing, LookUpError> {
        match self.look_up(world, address).await {
            Err(LookUpError::Call(error)) if error.explain().class == Class::Unavailable => {
                self.as_known(address).unwrap_or(Err(LookUpError::Call(error)))
            }
            looked_up => looked_up.map(|recipient| recipient.standing),
        }
    }

    fn as_known(&self, address: &Address) -> Option<Result<Standing, LookUpError>> {
        let state = self.state.borrow();
        let contact = state.contacts.get(address)?;
        let key = contact.key?.fingerprint;
        Some(match state.contacts.standing(address, &key) {
            _ if contact.offered.is_some() => Err(LookUpError::KeyChanged),
            Standing::Differs => Err(LookUpError::DigitsDiffer),
            _ if state.contacts.number_differs(address, &key) => Err(LookUpError::NumberDiffers),
            standing => Ok(standing),
        })
    }

    /// Somebody to seal a letter for: as they were looked up a moment ago, if their key stands as it did, or looked up now.
    ///
    /// # Errors
    /// [`LookUpError`]
    pub(crate) async fn recipient(&self, world: &impl World, address: &Address) -> Result<Recipient, LookUpError> {
        let remembered = {
            let state = self.state.borrow();
            let young = state.looked_up.get(address).filter(|(_, at)| world.now().since(*at) < LOOK_UP_COUNTS);
            young.map(|(recipient, _)| recipient.clone())
        };
        match remembered {
            Some(recipient) if self.may_still_be_written_to(&recipient) => Ok(recipient),
            Some(_) | None => self.look_up(world, address).await,
        }
    }

    /// Forgets look-ups: the server says that a key is another one by now.
    pub(crate) fn forget_look_ups(&self) {
        self.state.borrow_mut().looked_up.clear();
    }

    /// Whether nothing happened to the key since it was looked up that would stop the sending.
    fn may_still_be_written_to(&self, recipient: &Recipient) -> bool {
        let (address, key) = (recipient.certificate.address(), recipient.certificate.fingerprint());
        let state = self.state.borrow();
        let offered = state.contacts.get(address).is_some_and(|contact| contact.offered.is_some());
        let stopped = offered || state.contacts.number_differs(address, &key);
        drop(state);
        !stopped && self.standing(address, &key) == recipient.standing
    }

    fn remember_look_up(&self, world: &impl World, recipient: &Recipient) {
        let mut state = self.state.borrow_mut();
        if state.looked_up.len() >= LOOK_UPS {
            state.looked_up.clear();
        }
        state.looked_up.insert(recipient.certificate.address().clone(), (recipient.clone(), world.now()));
    }

    /// Whether others are shown one's own certificate: asked at each sign-in (PROTOCOL §2).
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn check_own_listing(&self, world: &impl World) -> Result<Vec<Warning>, CallError> {
        let look_up = LookUp { address: self.address().clone() };
        let keyring = self.keyring();
        let own = keyring.present().certificate().bytes();
        match self.session.api(world).send(endpoints::LOOK_UP.here(), &look_up).await {
            Ok(listing) if listing.certificate.as_ref() == own => Ok(Vec::new()),
            Ok(_) => Ok(vec![Warning::OwnCertificateDiffers]),
            Err(error) if error.problem() == Some(ProblemType::NoAccount) => Ok(vec![Warning::OwnCertificateDiffers]),
            Err(error) => Err(error),
        }
    }

    /// Fetches a certificate by its hash, once; it must be one of this address.
    pub(crate) async fn certificate(
        &self,
        world: &impl World,
        hash: CertificateHash,
        address: &Address,
    ) -> Result<Certificate, LookUpError> {
        let checked = self.state.borrow().certificates.get(&hash).cloned();
        if let Some(certificate) = checked.filter(|certificate| certificate.address() == address) {
            return Ok(certificate);
        }
        // A device that can't be read is one without the certificate.
        let (rows, row) = (self.rows(world), row_of(hash));
        let kept = rows.get::<Octets>(Table::Certificate, row).await.ok().and_then(|found| found.value);
        let (bytes, new) = match kept {
            Some(kept) => (kept.0, false),
            None => {
                let certificate = endpoints::READ_CERTIFICATE.of(hash);
                (self.session.api(world).get_raw(certificate, limits::CERTIFICATE).await?, true)
            }
        };
        let certificate = Certificate::parse(&bytes, address, world.now())?;
        if certificate.hash() != hash {
            return Err(CallError::Unreadable.into());
        }
        if new {
            let write = rows.put(Table::Certificate, row, Expected::Anything, &Octets(bytes), &mut world.rng());
            // It is fetched again where it could not be kept.
            let _ = rows.write(vec![write]).await;
        }
        self.state.borrow_mut().remember_certificate(&certificate);
        Ok(certificate)
    }

    async fn ask_directory(&self, world: &impl World, address: &Address) -> Result<Said, LookUpError> {
        let look_up = LookUp { address: address.clone() };
        match self.session.api(world).send(endpoints::LOOK_UP.here(), &look_up).await {
            Ok(listing) => {
                let certificate = Certificate::parse(listing.certificate.as_ref(), address, world.now())?;
                Ok(Said::Has(Box::new((listing, certificate))))
            }
            Err(error) if error.problem() == Some(ProblemType::NoAccount) => Ok(Said::Nobody),
            Err(error) => Err(error.into()),
        }
    }
}

/// A row has sixteen bytes for its name, and what it holds is compared with the whole hash.
const fn row_of(hash: CertificateHash) -> RowId {
    let mut row = [0; 16];
    let mut at = 0;
    while at < row.len() {
        row[at] = hash.as_bytes()[at];
        at += 1;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{TestWorld, address, annas_mailbox, identity, listing, problem, ready};

    const LOOK_UPS: &str = "/directory/look-ups";

    fn look_up(world: &TestWorld, mailbox: &Mailbox) -> Result<Standing, LookUpError> {
        ready(mailbox.look_up(world, &address("bjorn"))).map(|recipient| recipient.standing)
    }

    #[test]
    fn a_key_met_for_the_first_time_is_the_servers_word() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        assert_eq!(look_up(&world, &mailbox), Ok(Standing::New));
    }

    #[test]
    fn whoever_is_known_can_be_written_to_without_a_network_and_nobody_else() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let may_write_to = |of: &str| ready(mailbox.may_write_to(&world, &address(of)));
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        assert_eq!(may_write_to("bjorn"), Ok(Standing::New));
        assert_eq!(may_write_to("bjorn"), Ok(Standing::New), "nobody answers");
        assert!(matches!(may_write_to("elif"), Err(LookUpError::Call(_))));
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 11)));
        assert_eq!(may_write_to("bjorn"), Err(LookUpError::KeyChanged));
        assert_eq!(may_write_to("bjorn"), Err(LookUpError::KeyChanged), "and this is still known when nobody answers");
    }

    #[test]
    fn another_key_stops_the_sending_and_so_does_none() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 11)));
        world.server.will(LOOK_UPS, problem(ProblemType::NoAccount));
        assert_eq!(look_up(&world, &mailbox), Ok(Standing::New));
        assert_eq!(look_up(&world, &mailbox), Err(LookUpError::KeyChanged));
        assert_eq!(look_up(&world, &mailbox), Err(LookUpError::KeyChanged));
    }

    #[test]
    fn nobody_is_nobody_only_for_an_address_that_never_had_a_key() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, problem(ProblemType::NoAccount));
        assert_eq!(look_up(&world, &mailbox), Err(LookUpError::NoAccount));
    }

    #[test]
    fn another_persons_certificate_is_no_certificate() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("elif", 10)));
        assert!(matches!(look_up(&world, &mailbox), Err(LookUpError::Certificate(_))));
        assert_eq!(mailbox.contacts().get(&address("bjorn")), None);
    }

    #[test]
    fn oneself_is_taken_from_the_keyring_and_never_asked_for() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let own = ready(mailbox.look_up(&world, &address("anna"))).unwrap();
        assert_eq!(own.certificate.fingerprint(), mailbox.fingerprint());
        assert!(world.server.asked.borrow().is_empty());
    }

    #[test]
    fn a_directory_that_shows_others_another_key_for_oneself_is_told_of() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(mailbox.keyring().present()));
        world.server.will(LOOK_UPS, listing(&identity("anna", 99)));
        world.server.will(LOOK_UPS, problem(ProblemType::NoAccount));
        let warnings = || ready(mailbox.check_own_listing(&world)).unwrap();
        assert_eq!(warnings(), []);
        assert_eq!(warnings(), [Warning::OwnCertificateDiffers]);
        assert_eq!(warnings(), [Warning::OwnCertificateDiffers]);
    }

    #[test]
    fn a_certificate_that_is_not_the_one_its_hash_names_is_refused() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
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
        assert!(mailbox.state.borrow().certificates.is_empty());
    }
}
