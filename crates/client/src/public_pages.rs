//! Writing to a member by their public page (PROTOCOL §5): the writer's own client makes a guest account for its owner, who keeps the
//! link and comes back by it. And the page itself, as its owner opens and closes it.

use securemailbox_protocol::{
    accounts::Language,
    address::Address,
    endpoints,
    ids::{AccountId, LetterId, RegistrationId, ThreadId},
    letters::{NewLetter, NewReader, Posted},
    limits,
    octets::Octets,
    organisations::Organisation,
    public_pages::{NewPageLetter, NewWriter, OwnPage, PageName, PageTitle, PublicPage, ShownPage},
};
use securemailbox_vault::{
    certificates::{Certificate, CertificateRefused},
    identities::Identity,
    known_keys::KnownKey,
    letters::{Outgoing, SealRefused, SealedLetter, seal},
    links::LinkSecret,
};
use zeroize::Zeroizing;

use crate::{
    accounts::{self, AddressToProve},
    api::Api,
    directory::LookUpError,
    failure::{CallError, Explained, Failure},
    invitations::GuestToMake,
    mailbox::Mailbox,
    settings::Name,
    world::World,
};

/// A page, as whoever writes sees it: by the server's word. Nothing here can say whose key it is.
pub struct PageShown {
    name: PageName,
    account: AccountId,
    reader: Certificate,
    /// What it is called.
    pub title: PageTitle,
    /// The organisation that its owner writes for, where its domain is verified: by the server's word.
    pub organisation: Option<Organisation>,
}

/// What somebody has written who has no mailbox.
pub struct Written {
    /// Who they say that they are.
    pub name: Name,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// Of what the server writes to them.
    pub language: Language,
    /// What proved their e-mail address.
    pub proved: Option<RegistrationId>,
}

/// A letter by a page did not go out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The server was not reached, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The server shows a certificate that no letter may be sealed for.
    #[error("the page has a certificate that can't be used: {0}")]
    Certificate(#[from] CertificateRefused),
    /// The letter itself won't do.
    #[error(transparent)]
    Seal(#[from] SealRefused),
}

impl Failure for WriteError {
    fn explain(&self) -> Explained {
        match self {
            Self::Call(error) => error.explain(),
            Self::Certificate(refused) => LookUpError::Certificate(*refused).explain(),
            Self::Seal(refused) => refused.explain(),
        }
    }
}

/// Looks at a page.
///
/// # Errors
/// [`WriteError`]; `not-found` for one that is not there.
pub async fn look_at(world: &impl World, name: &PageName) -> Result<PageShown, WriteError> {
    let shown = ask(world, name).await?;
    let reader = Certificate::parse(shown.certificate.as_ref(), &shown.address, world.now())?;
    Ok(PageShown {
        name: name.clone(),
        account: shown.account,
        reader,
        title: shown.title,
        organisation: shown.organisation,
    })
}

async fn ask(world: &impl World, name: &PageName) -> Result<ShownPage, CallError> {
    Api::stranger(world.transport()).get(endpoints::SHOW_PAGE.of(name.clone())).await
}

impl PageShown {
    /// Whose it is.
    #[must_use]
    pub const fn address(&self) -> &Address {
        self.reader.address()
    }

    /// Begins to prove an e-mail address; a code goes there. What proves it is named by its registration.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn prove(
        &self,
        world: &impl World,
        address: &Address,
        language: Language,
    ) -> Result<AddressToProve, CallError> {
        accounts::begin_at(world, endpoints::BEGIN_PAGE_PROOF.of(self.name.clone()), address, language).await
    }

    /// Makes the guest account and seals the letter. Nothing is sent.
    ///
    /// # Errors
    /// [`SealRefused`]
    pub fn seal(&self, world: &impl World, written: &Written) -> Result<LetterToPage, SealRefused> {
        if written.text.chars().count() > limits::PAGE_TEXT {
            return Err(SealRefused::TooLong);
        }
        let now = world.now();
        let account = AccountId::new(now, &mut world.rng());
        let identity = Identity::generate(&Address::of_writer(account), now, &mut world.rng());
        let letter = Outgoing {
            id: LetterId::new(now, &mut world.rng()),
            thread: ThreadId::new(&mut world.rng()),
            name: Some(written.name.as_str().into()),
            to: vec![self.reader.clone()],
            cc: Vec::new(),
            subject: written.subject.clone(),
            text: written.text.clone(),
            date: now,
            signed: now,
            in_reply_to: None,
            references: Vec::new(),
            level: None,
            attachments: Vec::new(),
        };
        let sealed = seal(&letter, &identity, &mut world.rng())?;
        let own = KnownKey::first(&self.reader).used();
        let pin = (self.address(), own);
        let made = GuestToMake::new(world, account, identity, written.name.clone(), pin, None);
        let SealedLetter { id, content, content_hash, envelope, wrapped } = sealed;
        if content.len() > limits::PAGE_CONTENT {
            return Err(SealRefused::TooLong);
        }
        let account_of = |certificate| if self.reader.hash() == certificate { self.account } else { account };
        let readers = wrapped.into_iter().map(|wrapped| NewReader {
            account: account_of(wrapped.certificate),
            certificate: wrapped.certificate,
            wrapped_key: wrapped.bytes.into(),
        });
        let readers = readers.collect();
        let letter = NewLetter {
            id,
            thread: letter.thread,
            envelope: envelope.into(),
            content_hash,
            level: None,
            readers,
            blobs: Vec::new(),
        };
        let GuestToMake { certificate, keyring, settings, contact, slot, link } = made;
        let certificate = Octets(certificate.bytes().to_vec());
        let writer = NewWriter { account, language: written.language, certificate, keyring, settings, contact, slot };
        let body = NewPageLetter { writer, letter, proved: written.proved, work: None };
        Ok(LetterToPage { name: self.name.clone(), body, content, link })
    }
}

/// A sealed letter. Posting may be repeated: the same letter goes out.
pub struct LetterToPage {
    name: PageName,
    body: NewPageLetter,
    content: Vec<u8>,
    link: LinkSecret,
}

impl LetterToPage {
    /// Posts it, and what has to be computed for it first, where the operator asks for that.
    ///
    /// # Errors
    /// [`CallError`]; `stale-key` where the page has another key by now.
    pub async fn post(&mut self, world: &impl World) -> Result<(), CallError> {
        let asked = ask(world, &self.name).await?.work;
        self.body.work = match asked {
            Some(asked) => Some(
                asked.done_for((self.body.letter.id, self.body.letter.content_hash)).ok_or(CallError::Unreadable)?,
            ),
            None => None,
        };
        let post = endpoints::WRITE_TO_PAGE.of(self.name.clone());
        let _: Posted =
            Api::stranger(world.transport()).post_parts(post, "letter", &self.body, &[&self.content]).await?;
        Ok(())
    }

    /// What stands behind the `#` of the link by which its writer comes back. Nobody else has it, and the server never had.
    #[must_use]
    pub fn link(&self) -> Zeroizing<String> {
        self.link.to_text()
    }
}

impl Mailbox {
    /// One's own page, if there is one.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn public_page(&self, world: &impl World) -> Result<Option<PublicPage>, CallError> {
        let OwnPage { page } = self.session.api(world).get(endpoints::READ_OWN_PAGE.here()).await?;
        Ok(page)
    }

    /// Opens a page, or another one in its place.
    ///
    /// # Errors
    /// [`CallError`]; `page-name-taken` where somebody else has the name.
    pub async fn open_page(&self, world: &impl World, page: &PublicPage) -> Result<(), CallError> {
        self.session.api(world).tell(endpoints::OPEN_PAGE.here(), page).await
    }

    /// Closes it. What was written by it stays.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn close_page(&self, world: &impl World) -> Result<(), CallError> {
        self.session.api(world).delete(endpoints::CLOSE_PAGE.here()).await
    }
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{levels::Level, problems::ProblemType, public_pages::WorkAsked};

    use super::*;
    use crate::{
        fixtures::{TestWorld, address, annas_mailbox, identity, listing, ok, problem, ready},
        letters::{Addressed, SendError},
    };

    const PAGE: &str = "/pages/anna";
    const LETTERS: &str = "/pages/anna/letters";

    fn page(certificate: Vec<u8>, work: Option<WorkAsked>) -> ShownPage {
        let title = PageTitle::parse("Anna Berg").unwrap();
        let account = AccountId::from_bytes([2; 16]);
        ShownPage {
            title,
            account,
            address: address("anna"),
            certificate: Octets(certificate),
            organisation: None,
            work,
        }
    }

    fn annas(world: &TestWorld, work: Option<WorkAsked>) {
        world.server.will(PAGE, ok(&page(identity("anna", 1).certificate().bytes().to_vec(), work)));
    }

    fn shown(world: &TestWorld) -> Result<PageShown, WriteError> {
        ready(look_at(world, &PageName::parse("anna").unwrap()))
    }

    fn written(text: &str) -> Written {
        let name = Name::parse("Eva Ek").unwrap();
        Written { name, subject: String::new(), text: text.into(), language: Language::Sv, proved: None }
    }

    #[test]
    fn a_page_with_a_certificate_that_is_none_takes_no_letter() {
        let world = TestWorld::default();
        for certificate in [Vec::new(), vec![0; 300], identity("bjorn", 2).certificate().bytes().to_vec()] {
            world.server.will(PAGE, ok(&page(certificate, None)));
            assert!(matches!(shown(&world), Err(WriteError::Certificate(_))));
        }
        world.server.will(PAGE, problem(ProblemType::NotFound));
        assert!(matches!(shown(&world), Err(WriteError::Call(_))));
    }

    #[test]
    fn a_letter_is_sealed_for_two_and_posted_again_it_is_the_same_one() {
        let world = TestWorld::default();
        annas(&world, None);
        let page = shown(&world).unwrap();
        let mut letter = page.seal(&world, &written("Hej.")).unwrap();
        let readers: Vec<_> = letter.body.letter.readers.iter().map(|reader| reader.account).collect();
        assert_eq!(readers, [letter.body.writer.account, page.account]);
        for _ in 0..2 {
            annas(&world, None);
            assert!(ready(letter.post(&world)).is_err(), "no answer comes");
        }
        let [first, second] = &world.server.bodies(LETTERS)[..] else { panic!("two posts") };
        assert_eq!(first, second);
        let link = letter.link();
        let told = [first.as_slice(), &letter.content].concat();
        assert!(!told.windows(link.len()).any(|window| window == link.as_bytes()), "the server never has the link");
    }

    #[test]
    fn a_text_may_be_so_long_and_still_fits() {
        let world = TestWorld::default();
        annas(&world, None);
        let page = shown(&world).unwrap();
        page.seal(&world, &written(&"\u{1f4a7}".repeat(limits::PAGE_TEXT))).unwrap();
        let longer = page.seal(&world, &written(&"x".repeat(limits::PAGE_TEXT + 1)));
        assert_eq!(longer.err(), Some(SealRefused::TooLong));
    }

    #[test]
    fn no_level_is_demanded_of_who_opens_by_a_link_alone() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let eva = Address::of_writer(AccountId::from_bytes([7; 16]));
        let evas = Identity::generate(&eva, world.now(), &mut world.rng());
        world.server.will("/directory/look-ups", listing(&evas));
        let to = vec![eva];
        let letter = Addressed { to, text: "Hej.".into(), level: Some(Level::Phone), ..Addressed::default() };
        let refused = ready(mailbox.send(&world, &letter)).unwrap_err();
        assert!(matches!(refused, SendError::LookUp { cause: LookUpError::NoLevelByLink, .. }));
        let without = ready(mailbox.send(&world, &Addressed { level: None, ..letter }));
        assert!(matches!(without, Err(SendError::Waiting { .. })), "it went out, and no answer came");
    }

    #[test]
    fn what_is_asked_for_is_computed_and_no_more_than_any_operator_may_ask() {
        let world = TestWorld::default();
        annas(&world, None);
        let mut letter = shown(&world).unwrap().seal(&world, &written("Hej.")).unwrap();
        annas(&world, Some(WorkAsked { challenge: Octets(vec![1; 24]), bits: 8 }));
        assert!(ready(letter.post(&world)).is_err(), "no answer comes");
        assert!(letter.body.work.as_ref().unwrap().bits((letter.body.letter.id, letter.body.letter.content_hash)) >= 8);
        annas(&world, Some(WorkAsked { challenge: Octets(vec![1; 24]), bits: 64 }));
        assert_eq!(ready(letter.post(&world)), Err(CallError::Unreadable));
        assert_eq!(world.server.bodies(LETTERS).len(), 1);
    }
}
