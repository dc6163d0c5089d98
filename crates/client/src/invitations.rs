//! Writing to somebody who has no mailbox (PROTOCOL §5): a guest account is made here, complete but for its owner, and goes out with
//! its first letter.

use securemailbox_protocol::{
    accounts::{FirstRecord, Language},
    address::Address,
    endpoints,
    ids::{AccountId, Fingerprint, SlotId},
    invitations::{InvitationRow, InvitationUpdate, LinkState, NewGuest, NewLinkSlot, NewReminder},
    levels::Level,
    octets::Octets,
    phone::PhoneNumber,
    records::RecordPurpose,
};
use securemailbox_vault::{
    certificates::Certificate,
    identities::Identity,
    keyring::Keyring,
    known_keys::KnownKey,
    links::LinkSecret,
    passphrases::Passphrase,
    secrets::{AccountSecret, ServerShare},
    slots::{self, SlotPlace},
};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::first_record,
    contacts::{Contact, Description, Event, Invited, Said},
    failure::CallError,
    mailbox::Mailbox,
    recipient::Recipient,
    settings::{NAME, Name, Settings},
    world::World,
};

/// Somebody who is written to though they have no mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Whom.
    pub address: Address,
    /// By which phone they are proved.
    pub phone: PhoneNumber,
    /// The language of what the server writes to them.
    pub language: Language,
    /// Whether the server sends the link. Where their writer hands it over, no operator can ever open the letter.
    pub mailed: bool,
    /// What the two agreed on in speech: then no operator can open it either, however the link goes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub passphrase: Option<Passphrase>,
}

/// What a guest account is made of, whoever makes it.
pub(crate) struct GuestToMake {
    pub(crate) certificate: Certificate,
    pub(crate) keyring: FirstRecord,
    pub(crate) settings: FirstRecord,
    pub(crate) contact: FirstRecord,
    pub(crate) slot: NewLinkSlot,
    pub(crate) link: LinkSecret,
}

impl GuestToMake {
    /// For an account with this key, which knows one other and nobody else.
    pub(crate) fn new(
        world: &impl World,
        account: AccountId,
        identity: Identity,
        name: Name,
        (known, key): (&Address, KnownKey),
        agreed: Option<&Passphrase>,
    ) -> Self {
        let secret = AccountSecret::generate(&mut world.rng());
        let link = LinkSecret::generate(&mut world.rng());
        let certificate = identity.certificate().clone();
        let pin = Contact { key: Some(key), ..Contact::default() }.to_bytes(known);
        let first = |purpose, plain: &[u8]| first_record(world, account, &secret, purpose, plain);
        Self {
            certificate,
            keyring: first(RecordPurpose::Keyring, &Keyring::new(identity).to_bytes()),
            settings: first(RecordPurpose::Settings, &Settings::new(name).to_bytes()),
            contact: first(RecordPurpose::Contact, &pin),
            slot: link_slot(world, account, &secret, &link, agreed),
            link,
        }
    }
}

/// What came of a reminder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reminded {
    /// The server sends the link once more.
    Sent,
    /// The server never had the link: whoever wrote hands it over once more.
    HandedOver {
        /// What stands behind the `#`.
        link: String,
    },
    /// Nobody was written to at this address by a link that is here.
    Nobody,
}

impl Mailbox {
    /// Makes the guest account of somebody, and remembers their key, phone and link. Nothing counts before the server has it.
    pub(crate) fn invite(&self, world: &impl World, invite: &Invite) -> (NewGuest, Recipient) {
        let account = AccountId::new(world.now(), &mut world.rng());
        let identity = Identity::generate(&invite.address, world.now(), &mut world.rng());
        let name = called(&invite.address).unwrap_or_else(|| self.name.borrow().clone());
        // They know whoever wrote to them, and nobody else.
        let own = KnownKey::first(self.keyring().present().certificate()).used();
        let pin = (self.address(), own);
        let made = GuestToMake::new(world, account, identity, name, pin, invite.passphrase.as_ref());
        let GuestToMake { certificate, keyring, settings, contact, slot, link } = made;
        let guest = NewGuest {
            account,
            address: invite.address.clone(),
            phone: invite.phone.clone(),
            language: invite.language,
            certificate: Octets(certificate.bytes().to_vec()),
            keyring,
            settings,
            contact,
            slot,
            link: invite.mailed.then(|| link.to_text().to_string()),
        };
        self.remember(world, invite, &KnownKey::first(&certificate), &link);
        let standing = self.standing(&invite.address, &certificate.fingerprint());
        (guest, Recipient { account, certificate, standing, level: Some(Level::Phone) })
    }

    fn remember(&self, world: &impl World, invite: &Invite, key: &KnownKey, link: &LinkSecret) {
        let address = &invite.address;
        self.pin(world, address, Event::Met(*key));
        // Another one that was made for them before has come to its end, as the directory says.
        self.pin(world, address, Event::Accepted(key.fingerprint));
        let contact = self.state.borrow().contacts.get(address).cloned().unwrap_or_default();
        let described = Description { phone: Some(invite.phone.clone()), ..contact.words.description() };
        self.pin(world, address, Event::Said(contact.words.towards(described, world.now())));
        let Invite { mailed, passphrase, .. } = invite.clone();
        let invited =
            Invited { key: key.fingerprint, link: link.to_text().to_string(), mailed, passphrase, open_before: false };
        if let Some(said) = contact.invited_said(invited, world.now()) {
            self.pin(world, address, Event::Invited(said));
        }
    }

    /// The link of somebody who was written to and has no mailbox yet: what stands behind its `#`.
    #[must_use]
    pub fn link_of(&self, address: &Address) -> Option<String> {
        let link = self.state.borrow().contacts.get(address)?.invited()?.link.clone();
        (!link.is_empty()).then_some(link)
    }

    /// What was agreed on with somebody who was written to and has no mailbox yet.
    #[must_use]
    pub fn passphrase_of(&self, address: &Address) -> Option<Passphrase> {
        self.state.borrow().contacts.get(address)?.invited()?.passphrase.clone()
    }

    /// The key that was made here for somebody who had no mailbox, while they are known by it, and whether an operator could have it.
    pub(crate) fn made_for(&self, address: &Address) -> Option<(Fingerprint, bool)> {
        let state = self.state.borrow();
        let invited = state.contacts.get(address).filter(|contact| contact.differs.is_none())?.invited()?;
        Some((invited.key, invited.opens_for_operator()))
    }

    /// Whether the key that an address is known by was made here, for somebody who had no mailbox.
    pub(crate) fn was_invited(&self, address: &Address) -> bool {
        self.state.borrow().contacts.get(address).is_some_and(|contact| contact.invited().is_some())
    }

    /// Takes back everything that somebody has who was written to by a link; false if nobody was at this address. What was sent
    /// stays here. A number that whoever has the link called wrong is forgotten.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn withdraw_invitation(&self, world: &impl World, address: &Address) -> Result<bool, CallError> {
        let Some(row) = self.invitation_of(world, address).await? else { return Ok(false) };
        self.session.api(world).delete(endpoints::WITHDRAW_INVITATION.of(row.account)).await?;
        self.forget_look_ups();
        if row.wrong_number.is_some() && row.opened.is_none() {
            self.forget_number(world, address);
        }
        self.forget_link(world, address);
        Ok(true)
    }

    /// Has the server send somebody their link once more.
    ///
    /// # Errors
    /// [`CallError`]; `too-many-requests` within a day.
    pub async fn remind(&self, world: &impl World, address: &Address) -> Result<Reminded, CallError> {
        let (Some(row), Some(link)) = (self.invitation_of(world, address).await?, self.link_of(address)) else {
            return Ok(Reminded::Nobody);
        };
        if row.link == LinkState::WithSender {
            return Ok(Reminded::HandedOver { link });
        }
        self.session.api(world).tell(endpoints::REMIND_GUEST.of(row.account), &NewReminder { link }).await?;
        Ok(Reminded::Sent)
    }

    /// Allows as many wrong codes at somebody's link once more. False if nobody was written to at this address.
    ///
    /// # Errors
    /// [`CallError`]; `too-many-requests` after the third time.
    pub async fn allow_tries(&self, world: &impl World, address: &Address) -> Result<bool, CallError> {
        let Some(row) = self.invitation_of(world, address).await? else { return Ok(false) };
        self.session.api(world).tell(endpoints::ALLOW_TRIES.of(row.account), &()).await?;
        Ok(true)
    }

    /// Changes how many days after the last letter everything is erased that somebody has. False if nobody was written to at this
    /// address.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn change_days(&self, world: &impl World, address: &Address, days: u64) -> Result<bool, CallError> {
        let Some(row) = self.invitation_of(world, address).await? else { return Ok(false) };
        self.session.api(world).tell(endpoints::UPDATE_INVITATION.of(row.account), &InvitationUpdate { days }).await?;
        Ok(true)
    }

    /// Whether somebody was written to by a link and has no mailbox yet, by the server's word.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn is_invited(&self, world: &impl World, address: &Address) -> Result<bool, CallError> {
        Ok(self.invitation_of(world, address).await?.is_some())
    }

    async fn invitation_of(&self, world: &impl World, address: &Address) -> Result<Option<InvitationRow>, CallError> {
        Ok(self.invitations(world).await?.into_iter().find(|row| row.address == *address))
    }

    /// Neither link nor words are of use any more.
    pub(crate) fn forget_link(&self, world: &impl World, address: &Address) {
        let Some(contact) = self.state.borrow().contacts.get(address).cloned() else { return };
        let over = contact.invited.as_ref().and_then(Said::what).map(Invited::over);
        if let Some(said) = over.and_then(|over| contact.invited_said(over, world.now())) {
            self.pin(world, address, Event::Invited(said));
        }
    }

    fn forget_number(&self, world: &impl World, address: &Address) {
        let Some(contact) = self.state.borrow().contacts.get(address).cloned() else { return };
        let described = Description { phone: None, ..contact.words.description() };
        self.pin(world, address, Event::Said(contact.words.towards(described, world.now())));
    }

    /// Those that were written to and have no mailbox yet, by the server's word.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn invitations(&self, world: &impl World) -> Result<Vec<InvitationRow>, CallError> {
        Ok(self.session.api(world).get(endpoints::LIST_INVITATIONS.here()).await?.invitations)
    }
}

/// What a guest signs as: what stands before the `@`, where that can be seen.
fn called(address: &Address) -> Option<Name> {
    let local = address.as_str().split('@').next()?;
    Name::parse(&local.chars().take(NAME).collect::<String>()).ok()
}

fn link_slot(
    world: &impl World,
    account: AccountId,
    secret: &AccountSecret,
    link: &LinkSecret,
    agreed: Option<&Passphrase>,
) -> NewLinkSlot {
    let share = ServerShare::generate(&mut world.rng());
    let id = SlotId::new(world.now(), &mut world.rng());
    let key = match agreed {
        Some(passphrase) => link.slot_key_with(&share, passphrase, &world.key_stretching()),
        None => link.slot_key(&share),
    };
    let sealed = slots::seal(&SlotPlace { account, slot: id }, &key, secret, &mut world.rng());
    NewLinkSlot {
        id,
        sealed: sealed.into(),
        share: Octets(share.as_bytes().to_vec()),
        token: Octets(link.token().to_vec()),
    }
}
