//! Claiming (PROTOCOL §5): somebody who came by a link makes a mailbox of their own. It is a registration like any other, in which the
//! phone is proved already; what was written to them moves there with the key that opens it, and with the pin of whoever wrote.
//! Nothing else goes along of what that one's client had made.

use securemailbox_protocol::{
    accounts::{FirstRecord, Language},
    address::Address,
    coding::base64url,
    directory::Listing,
    endpoints,
    ids::AccountId,
    invitations::{GuestSession, NewClaim},
    limits,
    records::RecordPurpose,
    sessions::SessionDelivery,
};
use securemailbox_vault::{
    certificates::Certificate,
    claims,
    identities::Identity,
    keyring::Keyring,
    known_keys::{KeyState, KnownKey},
    passwords::Password,
    secrets::AccountSecret,
};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    accounts::{self, AccountToMake, AddressToProve, PhoneToName, RegisterError, WayToChoose, first_record},
    api::Api,
    contacts::{Contact, Event},
    directory::LookUpError,
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    mailbox::Mailbox,
    records::{RecordError, TRIES, is_stale},
    settings::Settings,
    world::World,
};

/// What somebody who came by a link leaves to the mailbox that they make.
pub struct LeftByGuest<'a> {
    /// Their conversation, as it is open.
    pub guest: &'a Mailbox,
    /// Who wrote.
    pub from: &'a Address,
    /// How the token of the new mailbox's session is handed over.
    pub session: SessionDelivery,
}

impl Mailbox {
    /// Asks for a mailbox at the address to which this guest was written; a code goes there. The answer is the same whether or not
    /// the address has one; only the e-mail differs.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn begin_claim(&self, world: &impl World, language: Language) -> Result<AddressToProve, CallError> {
        accounts::begin(world, self.address(), language).await
    }

    fn shown(&self) -> GuestSession {
        GuestSession { token: self.session.token().unwrap_or_default().into() }
    }

    /// Somebody to whom one wrote by a link may have a mailbox by now. Their key is taken without an alarm where the one that was
    /// made for them says so: as compared if nobody but they and the sender could ever open it, else as new, since an operator who
    /// kept the link could have said it too (ATTACKS 29). Whatever does not fit changes nothing.
    pub(crate) async fn take_claim(
        &self,
        world: &impl World,
        listing: &Listing,
        claimant: &Certificate,
    ) -> Result<(), LookUpError> {
        let (address, key) = (claimant.address(), claimant.fingerprint());
        let Some(claimed) = &listing.claimed else { return Ok(()) };
        let Some((made, open_to_operator)) = self.made_for(address).filter(|(made, _)| *made != key) else {
            return Ok(());
        };
        let guest = match self.certificate(world, claimed.guest, address).await {
            Ok(guest) => guest,
            Err(LookUpError::Call(error @ CallError::Unreachable(_))) => return Err(error.into()),
            Err(_) => return Ok(()),
        };
        let said = claims::verify(&claimed.statement, &guest, claimant, world.now());
        if guest.fingerprint() != made || said.is_err() {
            return Ok(());
        }
        self.pin(world, address, Event::Met(KnownKey::first(claimant)));
        self.pin(world, address, if open_to_operator { Event::Accepted(key) } else { Event::Compared(key) });
        self.forget_link(world, address);
        Ok(())
    }
}

impl PhoneToName {
    /// The phone is the one that the guest proved: no second code is sent.
    ///
    /// # Errors
    /// [`CallError`]; `not-signed-in` where that is more than an hour ago.
    pub async fn prove_by_guest(&self, world: &impl World, guest: &Mailbox) -> Result<WayToChoose, CallError> {
        let by_guest = endpoints::PROVE_PHONE_BY_GUEST.of(self.registrant.id);
        Api::stranger(world.transport()).tell(by_guest, &guest.shown()).await?;
        Ok(self.registrant.clone().way_to_choose())
    }
}

impl WayToChoose {
    /// Takes the password, and makes the mailbox of what a guest leaves. As [`WayToChoose::choose`] in all else.
    ///
    /// # Errors
    /// [`RegisterError`]
    pub async fn claim(
        &self,
        world: &impl World,
        password: Password,
        settings: Settings,
        left: LeftByGuest<'_>,
    ) -> Result<AccountToMake, RegisterError> {
        self.make(world, password, settings, Some(left)).await
    }
}

/// What somebody who came by a link leaves to the mailbox that they have already: handed from one Worker of a page to another.
/// Secret.
pub struct GuestKeys {
    keyring: Keyring,
    token: String,
    from: Address,
    known: Option<KnownKey>,
}

/// The bytes are no [`GuestKeys`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was handed over is nothing that a guest leaves")]
pub struct NotGuestKeys;

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct HandedOver {
    #[zeroize(skip)]
    address: Address,
    keyring: String,
    token: String,
    #[zeroize(skip)]
    from: Address,
    #[zeroize(skip)]
    known: Option<KnownKey>,
}

/// A conversation was not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// It is of another address than this mailbox.
    #[error("the conversation is of another address")]
    OtherAddress,
    /// A thorough renewal is not over, which would give the key up again.
    #[error("the keys are being renewed")]
    Renewing,
    /// The keyring has no room for one more key.
    #[error("the keyring is full")]
    KeyringFull,
    /// The keyring could not be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Failure for ClaimError {
    fn explain(&self) -> Explained {
        match self {
            Self::OtherAddress => explained(
                ClientProblem::OtherAddress,
                Class::Refused,
                "Sign in to the mailbox of the address that the letter was sent to.",
            ),
            Self::Renewing => explained(
                ClientProblem::RenewalUnderWay,
                Class::Refused,
                "Let the renewal of the keys come to its end first: `renew`.",
            ),
            Self::KeyringFull => explained(
                ClientProblem::KeyringFull,
                Class::Refused,
                "Renew your keys thoroughly first: the keyring has no room for more.",
            ),
            Self::Record(error) => error.explain(),
        }
    }
}

impl GuestKeys {
    /// What a guest's open conversation leaves.
    #[must_use]
    pub fn of(guest: &Mailbox, from: &Address) -> Self {
        Self {
            keyring: Keyring::new(guest.keyring().present().clone()),
            token: guest.shown().token,
            from: from.clone(),
            known: guest.contacts().get(from).and_then(|contact| contact.key),
        }
    }

    fn guest(&self) -> &Identity {
        self.keyring.present()
    }

    /// To hand over.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let handed = HandedOver {
            address: self.guest().certificate().address().clone(),
            keyring: base64url::encode(&self.keyring.to_bytes()),
            token: self.token.clone(),
            from: self.from.clone(),
            known: self.known,
        };
        #[expect(clippy::expect_used, reason = "five fields of text are JSON")]
        Zeroizing::new(serde_json::to_vec(&handed).expect("text is JSON"))
    }

    /// What was handed over.
    ///
    /// # Errors
    /// [`NotGuestKeys`]
    pub fn from_bytes(bytes: &[u8], world: &impl World) -> Result<Self, NotGuestKeys> {
        let handed: HandedOver = serde_json::from_slice(bytes).map_err(|_| NotGuestKeys)?;
        let keyring = Zeroizing::new(base64url::decode(&handed.keyring).map_err(|_| NotGuestKeys)?);
        let keyring = Keyring::from_bytes(&keyring, &handed.address, world.now()).map_err(|_| NotGuestKeys)?;
        Ok(Self { keyring, token: handed.token.clone(), from: handed.from.clone(), known: handed.known })
    }
}

impl Mailbox {
    /// Takes in what somebody was written by a link who has this mailbox already. The key that opens it is put beside the present
    /// one first, so that nothing comes that does not open; then everything moves, in one transaction. After a lost answer the
    /// letters are here, or it may be done again.
    ///
    /// # Errors
    /// [`ClaimError`]; `proof-required` if the session was not proved lately, `not-found` where the conversation is over, was moved,
    /// or its phone was proved more than an hour ago.
    pub async fn claim(&self, world: &impl World, left: &GuestKeys) -> Result<(), ClaimError> {
        if left.guest().certificate().address() != self.address() {
            return Err(ClaimError::OtherAddress);
        }
        // What other devices did comes first. One that renews thoroughly gives every former key up; whoever began that has ended
        // this session, or it is seen here.
        self.sync(world).await?;
        if self.newest_settings(world).await?.1.rewrapping {
            return Err(ClaimError::Renewing);
        }
        self.join_keyring(world, left.guest()).await?;
        let present = self.keyring().present().clone();
        let knows = self.contacts().get(&left.from).is_some_and(|contact| contact.key.is_some());
        let (account, secret) = (self.owner.account, &self.owner.secret);
        let contact =
            left.known.filter(|_| !knows).map(|known| pin_of_guest(world, account, secret, &left.from, known));
        let statement = claims::sign(left.guest(), present.certificate(), world.now(), &mut world.rng());
        let claim = NewClaim { guest: GuestSession { token: left.token.clone() }, contact, statement };
        self.session.api(world).tell(endpoints::CLAIM.here(), &claim).await.map_err(RecordError::from)?;
        // It is done, whatever comes of this.
        let _ = self.sync(world).await;
        Ok(())
    }

    async fn join_keyring(&self, world: &impl World, guest: &Identity) -> Result<(), ClaimError> {
        for _ in 0..TRIES {
            let (head, keyring) = self.newest_keyring(world).await?;
            let before = keyring.identities().count();
            let keyring = keyring.joined_by(guest.clone());
            if keyring.identities().count() == before {
                self.take_keyring(head.version, keyring);
                return Ok(());
            }
            let text = keyring.to_bytes();
            // A renewal must still find room for its keys.
            if text.len() > limits::KEYRING / 2 {
                return Err(ClaimError::KeyringFull);
            }
            match self.put_record(world, &head, &text).await {
                Err(error) if is_stale(&error) => {
                    self.fetch_record(world, &head).await?;
                }
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    self.take_keyring(head.version.next(), keyring);
                    return Ok(());
                }
            }
        }
        Err(RecordError::Contended.into())
    }
}

/// The pin of whoever wrote to a guest. That one's client has made it, and could call it compared.
fn pin_of_guest(
    world: &impl World,
    account: AccountId,
    secret: &AccountSecret,
    from: &Address,
    known: KnownKey,
) -> FirstRecord {
    let key = KnownKey { state: known.state.min(KeyState::Known), ..known };
    let pin = Contact { key: Some(key), ..Contact::default() }.to_bytes(from);
    first_record(world, account, secret, RecordPurpose::Contact, &pin)
}

impl LeftByGuest<'_> {
    /// The new identity, and the guest's to open what it was written.
    pub(crate) fn keyring(&self, present: Identity) -> Keyring {
        Keyring::new(self.guest.keyring().present().clone()).succeeded_by(present)
    }

    pub(crate) fn claim(
        &self,
        world: &impl World,
        account: AccountId,
        secret: &AccountSecret,
        claimant: &Certificate,
    ) -> NewClaim {
        let known = self.guest.contacts().get(self.from).and_then(|contact| contact.key);
        let contact = known.map(|known| pin_of_guest(world, account, secret, self.from, known));
        let statement = claims::sign(self.guest.keyring().present(), claimant, world.now(), &mut world.rng());
        NewClaim { guest: self.guest.shown(), contact, statement }
    }
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{
        directory::Claimed, invitations::ClaimStatement, levels::Level, numbers::Version, octets::Octets,
        time::Timestamp,
    };
    use securemailbox_vault::{
        passphrases::Passphrase,
        records::{self, RecordPlace},
    };

    use super::*;
    use crate::{
        contacts::{Invited, Standing},
        fixtures::{NOW, TestWorld, address, annas_mailbox, identity, ok, ready},
        settings::Name,
    };

    const LOOK_UPS: &str = "/directory/look-ups";

    /// Anna wrote to Björn by a link, and made his key.
    fn anna_wrote(world: &TestWorld, made: &Identity, mailed: bool) -> Mailbox {
        anna_agreed(world, made, mailed, None)
    }

    /// And agreed on words with him, or on none.
    fn anna_agreed(world: &TestWorld, made: &Identity, mailed: bool, passphrase: Option<Passphrase>) -> Mailbox {
        let anna = annas_mailbox();
        let (who, key) = (address("bjorn"), KnownKey::first(made.certificate()));
        anna.pin(world, &who, Event::Met(key));
        let invited = Invited { key: key.fingerprint, link: "A".repeat(48), mailed, passphrase, open_before: false };
        let said = anna.contacts().get(&who).unwrap().invited_said(invited, NOW).unwrap();
        anna.pin(world, &who, Event::Invited(said));
        anna.state.borrow_mut().remember_certificate(made.certificate());
        anna
    }

    /// The directory has somebody else's key for him, with this claim.
    fn shows(world: &TestWorld, present: &Identity, made: &Identity, statement: ClaimStatement) {
        let certificate = Octets(present.certificate().bytes().to_vec());
        let claimed = Some(Claimed { guest: made.certificate().hash(), statement });
        let account = AccountId::from_bytes([2; 16]);
        world.server.will(LOOK_UPS, ok(&Listing { account, certificate, level: Level::Phone, claimed }));
    }

    fn by(signer: &Identity, claimant: &Identity, at: Timestamp) -> ClaimStatement {
        claims::sign(signer, claimant.certificate(), at, &mut TestWorld::default().rng())
    }

    fn look_up(world: &TestWorld, anna: &Mailbox) -> Result<Standing, LookUpError> {
        ready(anna.look_up(world, &address("bjorn"))).map(|found| found.standing)
    }

    #[test]
    fn a_key_that_the_guests_signed_is_taken_without_an_alarm_and_as_compared_only_if_no_server_had_the_link() {
        let (made, own) = (identity("bjorn", 10), identity("bjorn", 11));
        for (mailed, standing) in [(false, Standing::Compared), (true, Standing::New)] {
            let world = TestWorld::default();
            let anna = anna_wrote(&world, &made, mailed);
            shows(&world, &own, &made, by(&made, &own, NOW));
            assert_eq!(look_up(&world, &anna), Ok(standing), "mailed: {mailed}");
            let before = made.certificate().fingerprint();
            assert_eq!(anna.contacts().standing(&address("bjorn"), &before), Standing::Former, "old letters stay");
            assert_eq!(anna.link_of(&address("bjorn")), None, "there is no link to remind of");
        }
    }

    #[test]
    fn a_link_that_opens_by_a_passphrase_only_makes_the_next_key_compared_however_it_was_sent() {
        let (made, own) = (identity("bjorn", 10), identity("bjorn", 11));
        for mailed in [false, true] {
            let world = TestWorld::default();
            let agreed = Passphrase::generate(Language::Sv, &mut world.rng());
            let anna = anna_agreed(&world, &made, mailed, Some(agreed));
            shows(&world, &own, &made, by(&made, &own, NOW));
            assert_eq!(look_up(&world, &anna), Ok(Standing::Compared), "mailed: {mailed}");
        }
    }

    #[test]
    fn an_operator_who_kept_the_link_makes_its_own_key_no_more_than_new() {
        // It has everything that the guest has, so it can sign; what it can't is to have been handed nothing (ATTACKS 29).
        let (made, operators) = (identity("bjorn", 10), identity("bjorn", 66));
        let world = TestWorld::default();
        let anna = anna_wrote(&world, &made, true);
        shows(&world, &operators, &made, by(&made, &operators, NOW));
        assert_eq!(look_up(&world, &anna), Ok(Standing::New));
        // Nor after everything was taken back, when link and words are forgotten.
        let world = TestWorld::default();
        let anna = anna_wrote(&world, &made, true);
        anna.forget_link(&world, &address("bjorn"));
        assert_eq!(anna.link_of(&address("bjorn")), None);
        shows(&world, &operators, &made, by(&made, &operators, NOW));
        assert_eq!(look_up(&world, &anna), Ok(Standing::New));
    }

    #[test]
    fn whatever_the_guests_key_did_not_sign_is_a_changed_key() {
        let (made, own, other) = (identity("bjorn", 10), identity("bjorn", 11), identity("bjorn", 66));
        let no_claim = by(&other, &own, NOW);
        let cases = [
            ("another key signed it", &own, by(&other, &own, NOW)),
            ("it is of another key", &other, by(&made, &own, NOW)),
            (
                "it is of another time",
                &own,
                ClaimStatement { at: NOW.after(std::time::Duration::from_secs(1)), ..by(&made, &own, NOW) },
            ),
            ("it is none", &own, ClaimStatement { signature: Octets(Vec::new()), ..no_claim }),
        ];
        for (why, present, statement) in cases {
            for mailed in [false, true] {
                let world = TestWorld::default();
                let anna = anna_wrote(&world, &made, mailed);
                shows(&world, present, &made, statement.clone());
                assert_eq!(look_up(&world, &anna), Err(LookUpError::KeyChanged), "{why}");
            }
        }
        // A claim names a certificate that was not made here.
        let world = TestWorld::default();
        let anna = anna_wrote(&world, &made, false);
        anna.state.borrow_mut().remember_certificate(other.certificate());
        shows(&world, &own, &other, by(&other, &own, NOW));
        assert_eq!(look_up(&world, &anna), Err(LookUpError::KeyChanged));
        // Nobody had written to them by a link.
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        anna.pin(&world, &address("bjorn"), Event::Met(KnownKey::first(made.certificate())));
        anna.state.borrow_mut().remember_certificate(made.certificate());
        shows(&world, &own, &made, by(&made, &own, NOW));
        assert_eq!(look_up(&world, &anna), Err(LookUpError::KeyChanged));
    }

    #[test]
    fn digits_that_were_found_to_differ_are_not_forgotten_by_a_claim() {
        let (made, own) = (identity("bjorn", 10), identity("bjorn", 11));
        let world = TestWorld::default();
        let anna = anna_wrote(&world, &made, false);
        anna.pin(&world, &address("bjorn"), Event::Differed(made.certificate().fingerprint()));
        shows(&world, &own, &made, by(&made, &own, NOW));
        assert_eq!(look_up(&world, &anna), Err(LookUpError::KeyChanged));
    }

    #[test]
    fn only_the_key_and_the_pin_move_whatever_the_sender_furnished() {
        // Anna stands for the guest, whose mailbox was furnished by whoever wrote (ATTACKS 32).
        let (world, guest) = (TestWorld::default(), annas_mailbox());
        let (from, mallory) = (identity("bjorn", 10), identity("mallory", 66));
        for (who, key) in [("bjorn", &from), ("mallory", &mallory)] {
            let key = KnownKey::first(key.certificate());
            guest.pin(&world, &address(who), Event::Met(key));
            guest.pin(&world, &address(who), Event::Compared(key.fingerprint));
            guest.pin(&world, &address(who), Event::Named(Name::parse("Your bank").unwrap()));
        }
        let from_address = address("bjorn");
        let left = LeftByGuest { guest: &guest, from: &from_address, session: SessionDelivery::Bearer };
        let own = Identity::generate(&address("anna"), NOW, &mut world.rng());
        let fingerprint = own.certificate().fingerprint();
        let (account, secret) = (AccountId::from_bytes([7; 16]), AccountSecret::generate(&mut world.rng()));
        let claim = left.claim(&world, account, &secret, own.certificate());
        let record = claim.contact.unwrap();
        let place =
            RecordPlace { account, record: record.id, purpose: RecordPurpose::Contact, version: Version::ZERO.next() };
        let pin = records::open(&place, &secret, &record.sealed.0).unwrap();
        let key = KnownKey { state: KeyState::Known, ..KnownKey::first(from.certificate()) };
        let only_the_key = Contact { key: Some(key), ..Contact::default() }.to_bytes(&from_address);
        assert_eq!(pin.as_slice(), only_the_key.as_slice(), "no name, and not called compared");
        let keyring = left.keyring(own);
        let keys: Vec<_> = keyring.identities().map(|one| one.certificate().fingerprint()).collect();
        assert_eq!(keys, [fingerprint, guest.fingerprint()], "a fresh key, and the one that opens what was written");
    }
}
