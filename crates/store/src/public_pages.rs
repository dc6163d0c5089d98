//! A page by which anybody writes to a member (PROTOCOL §5), and the letters that come by it. Each brings a guest account that its
//! writer's browser has made, and that has its conversation with the owner of the page: from there on it is a guest like any other.

use securemailbox_protocol::{
    accounts::{Language, LetterNotices},
    ids::{AccountId, CertificateHash, LetterId},
    letters::Posted,
    public_pages::{PageName, PublicPage},
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, StoreError,
    accounts::AddressLookup,
    directory::SealedCertificate,
    invitations::{GuestRows, LinkHash, LinkSlot},
    letters::{PostLetter, PostLetters, PostLettersError},
    quotas::Quota,
    registrations::FirstRecord,
};

/// The page of a member, if they opened one.
pub struct PageOf {
    /// Whose.
    pub account: AccountId,
}

impl Act for PageOf {
    type Output = Option<PublicPage>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT name, title FROM public_page WHERE mailbox_id = $1";
        let Some(mut row) = db.row(SQL, &[&self.account]).await? else { return Ok(None) };
        Ok(Some(PublicPage { name: row.take()?, title: row.take()? }))
    }
}

impl ReadOnly for PageOf {}

/// Why a page was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenPageError {
    /// Somebody else has the name.
    #[error("another page has this name")]
    Taken,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Opens a page, or another one in its place.
pub struct OpenPage {
    /// Whose.
    pub account: AccountId,
    /// What it is called.
    pub page: PublicPage,
}

impl Act for OpenPage {
    type Output = ();
    type Error = OpenPageError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const CLOSE: &str = "DELETE FROM public_page WHERE mailbox_id = $1";
        const OPEN: &str =
            "INSERT INTO public_page (mailbox_id, name, title) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let PublicPage { name, title } = &self.page;
        db.exec(CLOSE, &[&self.account]).await?;
        let opened = db.exec(OPEN, &[&self.account, name, title]).await? > 0;
        // Refused, it leaves the page as it was.
        if opened { Ok(()) } else { Err(OpenPageError::Taken) }
    }
}

/// Closes the page of a member. The name is free.
pub struct ClosePage {
    /// Whose.
    pub account: AccountId,
}

impl Act for ClosePage {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        db.exec("DELETE FROM public_page WHERE mailbox_id = $1", &[&self.account]).await.map(drop)
    }
}

/// The page of a name, for strangers.
pub struct PageByName {
    /// Which one.
    pub name: PageName,
}

/// A page, and whoever reads what comes by it.
pub struct FoundPage {
    /// What it is called.
    pub page: PublicPage,
    /// Its owner's address, sealed.
    pub address_sealed: Vec<u8>,
    /// Its owner's certificate.
    pub certificate: SealedCertificate,
}

impl Act for PageByName {
    type Output = Option<FoundPage>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT p.name, p.title, m.address_sealed, m.mailbox_id, c.sealed
              FROM public_page p JOIN member m ON m.mailbox_id = p.mailbox_id
              JOIN certificate c ON c.mailbox_id = p.mailbox_id
             WHERE p.name = $1";
        let Some(mut row) = db.row(SQL, &[&self.name]).await? else { return Ok(None) };
        Ok(Some(FoundPage {
            page: PublicPage { name: row.take()?, title: row.take()? },
            address_sealed: row.take()?,
            certificate: SealedCertificate { account: row.take()?, sealed: row.take()? },
        }))
    }
}

impl ReadOnly for PageByName {}

/// The guest account of whoever writes by a page, as their browser has made it.
pub struct NewWriter {
    /// Made by the browser. It is nobody's yet.
    pub account: AccountId,
    /// The keyed hash of its address: how the owner of the page finds it again.
    pub address_lookup: AddressLookup,
    /// Its address, sealed.
    pub address_sealed: Vec<u8>,
    /// The e-mail address that was proved, sealed: it is told when an answer waits. None is told nothing.
    pub proved_sealed: Option<Vec<u8>>,
    /// Of what the server writes to it.
    pub language: Language,
    /// The certificate, sealed.
    pub certificate_sealed: Vec<u8>,
    /// SHA-256 of the certificate's bytes before the server sealed them.
    pub certificate_hash: CertificateHash,
    /// Keyring, settings and the one contact.
    pub records: [FirstRecord; 3],
    /// What the link opens by itself.
    pub slot: LinkSlot,
    /// By what the link is known.
    pub token_hash: LinkHash,
}

/// Whether this writer's letter is here.
pub struct WrittenByPage {
    /// The letter.
    pub letter: LetterId,
    /// Who wrote it.
    pub writer: AccountId,
}

impl Act for WrittenByPage {
    type Output = bool;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT 1 FROM letter WHERE letter_id = $1 AND sender_id = $2";
        Ok(db.row(SQL, &[&self.letter, &self.writer]).await?.is_some())
    }
}

impl ReadOnly for WrittenByPage {}

/// A letter to the owner of a page, with the guest account of its writer, both or neither.
pub struct WriteToPage {
    /// Which page.
    pub name: PageName,
    /// Who writes.
    pub writer: NewWriter,
    /// What. The caller has seen that it is for the writer and one other.
    pub letter: PostLetter,
    /// How much its reader's mailbox may hold afterwards.
    pub quota: Quota,
    /// When.
    pub now: Timestamp,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteToPageError {
    /// There is no such page, or not any more.
    #[error("there is no page of this name")]
    NoPage,
    /// The letter was not posted.
    #[error(transparent)]
    Post(#[from] PostLettersError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Act for WriteToPage {
    type Output = Posted;
    type Error = WriteToPageError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const OWNER: &str = "SELECT mailbox_id FROM public_page WHERE name = $1";
        let mut row = db.row(OWNER, &[&self.name]).await?.ok_or(WriteToPageError::NoPage)?;
        let owner: AccountId = row.take()?;
        let writer = self.writer.account;
        let readers = &self.letter.new.readers;
        if !readers.iter().all(|reader| reader.account == writer || reader.account == owner) || readers.len() != 2 {
            return Err(PostLettersError::StaleKey { reader: owner }.into());
        }
        // A repetition after a lost answer makes nobody: the post says whether it is the same letter.
        let is_new = !WrittenByPage { letter: self.letter.new.id, writer }.run(db).await?;
        if is_new && !self.writer.rows(owner).insert(db, self.now).await? {
            return Err(PostLettersError::IdTaken.into());
        }
        let letters = vec![PostLetter { new: self.letter.new.clone(), content: self.letter.content.clone() }];
        let post = PostLetters {
            proved: None,
            sender: writer.mailbox(),
            letters,
            guests: Vec::new(),
            draft: None,
            release: None,
            quota: self.quota,
            now: self.now,
        };
        Ok(post.run(db).await?)
    }
}

impl NewWriter {
    fn rows(&self, owner: AccountId) -> GuestRows<'_> {
        let [keyring, settings, contact] = &self.records;
        let told = self.proved_sealed.is_some();
        GuestRows {
            account: self.account,
            partner: owner.mailbox(),
            address: (&self.address_lookup, &self.address_sealed),
            language: self.language,
            certificate: (self.certificate_hash, &self.certificate_sealed),
            records: [keyring, settings, contact],
            slot: &self.slot,
            token_hash: &self.token_hash,
            link_sealed: None,
            page: Some(self.proved_sealed.as_ref()),
            notices: if told { LetterNotices::AtOnce } else { LetterNotices::Never },
        }
    }
}
