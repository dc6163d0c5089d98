//! The guest Worker: a letter to somebody who has no mailbox, from the link to the answer (PROTOCOL §5). Everything stays in its
//! memory and goes with it.

use securemailbox_client::{
    claims::{GuestKeys, LeftByGuest},
    devices::DeviceName,
    failure::{Class, ClientProblem, FailureName},
    letters::{Addressed, Answers, ReadError},
    links::{self, LinkProved, LinkToProve, LockedLink},
    mailbox::Mailbox,
    opening::Opening,
    passkeys::first::FirstPasskeyMade,
    sign_in,
    world::World,
};
use securemailbox_protocol::{
    address::Address, ids::LetterId, letters::Folder, sessions::SessionDelivery, time::Timestamp,
};
use securemailbox_vault::{
    links::{LinkSecret, NotALink},
    passphrases::Passphrase,
};
use zeroize::Zeroizing;

use crate::{
    arguments::{Code, Declining, Id, NewAnswer, NewClaim, Nothing, ShownLink, Spoken},
    calls::GuestCalls,
    drafts::{self, files_of},
    factor::Factor,
    mailbox::{exported, id},
    passkeys::{CreatedFirstPasskey, Handed, PasskeyAsked, PasskeyCreation, PasskeyRequest, UsedFirstPasskey},
    problems::{OrProblem, out_of_step, problem, refused},
    public_pages::{LetterByPage, NamedPage, WritersAddress, WritingByPage},
    registering::{Registering, RegisteringCode, RegisteringPassword},
    shown::People,
    sign_in::handed_over,
    views::{
        Done, Exported, GuestEntered, GuestLetters, GuestLink, KeptLink, Letter, PageProblem, Problem, PublicPage,
        Sheet,
    },
};

/// More letters than a conversation by a link has.
const ALL: usize = 1000;

/// A link, and what it opened.
pub struct Guest<W> {
    world: W,
    shown: Option<Shown>,
    /// Opens by what was agreed on.
    locked: Option<LockedLink>,
    /// Opened by that.
    agreed: bool,
    mailbox: Option<Mailbox>,
    opening: Option<Opening>,
    left: Option<GuestKeys>,
    /// The passkey that is to open a mailbox of one's own, and an output that came beside a call.
    passkey: Option<FirstPasskeyMade>,
    handed: Handed,
    /// A letter by a public page.
    writing: Option<WritingByPage>,
}

/// A link that the server knows.
struct Shown {
    link: LinkSecret,
    from: Address,
    expires: Timestamp,
    factor: Factor<LinkToProve>,
}

impl<W: World> Guest<W> {
    /// Nothing shown.
    pub const fn new(world: W) -> Self {
        Self {
            world,
            shown: None,
            locked: None,
            agreed: false,
            mailbox: None,
            opening: None,
            left: None,
            passkey: None,
            handed: Handed::none(),
            writing: None,
        }
    }

    /// Takes what the files Worker says of a file that is whole at the server.
    pub fn take_uploaded(&self, id: &str, row: &[u8]) {
        if let Some(mailbox) = &self.mailbox {
            drafts::take_uploaded(mailbox, id, row);
        }
    }

    /// What the files Worker needs to get an attachment of a letter.
    ///
    /// # Errors
    /// [`Problem`]
    pub async fn file_row(&self, letter: &str, number: u32) -> Result<Zeroizing<Vec<u8>>, Problem> {
        drafts::file_row(self.open()?, &self.world, letter, number).await
    }

    /// What the files Worker signs its requests with, since no cookie does.
    pub fn bearer(&self) -> Option<String> {
        self.mailbox.as_ref().and_then(|mailbox| mailbox.bearer()).map(Into::into)
    }

    /// What there is to leave to the mailbox Worker, once.
    pub fn take_left(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.left.take().map(|left| left.to_bytes())
    }

    fn shown(&self) -> Result<&Shown, Problem> {
        self.shown.as_ref().ok_or_else(out_of_step)
    }

    /// Proves the phone. No letter is opened by it.
    async fn enter(&mut self, code: &str) -> Result<(), Problem> {
        let factor = &self.shown()?.factor;
        let answer = factor.read(code)?;
        match factor.chosen()?.prove(&self.world, &answer).await.or_problem()? {
            LinkProved::Open(opening) => self.begin(opening).await,
            LinkProved::Locked(locked) => {
                self.locked = Some(locked);
                Ok(())
            }
        }
    }

    async fn begin(&mut self, opening: Opening) -> Result<(), Problem> {
        let (mailbox, _) = Mailbox::begin(&self.world, opening).await.or_problem()?;
        self.agreed = self.locked.take().is_some();
        self.mailbox = Some(mailbox);
        Ok(())
    }

    fn forget(&mut self) {
        (self.shown, self.locked, self.mailbox, self.passkey, self.writing) = (None, None, None, None, None);
    }

    /// What there is to hand to the mailbox Worker, once: the mailbox that was made.
    pub fn take_opening(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.opening.take().map(|opening| opening.to_bytes())
    }

    /// A passkey's output, for the next call.
    pub fn hand_output(&self, bytes: &[u8]) {
        self.handed.hand(bytes);
    }

    /// What there is to make a mailbox of. It is opened elsewhere, by a cookie.
    fn left(&self) -> Result<LeftByGuest<'_>, Problem> {
        Ok(LeftByGuest { guest: self.open()?, from: &self.shown()?.from, session: SessionDelivery::Cookie })
    }

    /// The mailbox was made: everything here is over.
    fn hand_over(&mut self, (opening, sheet): (Opening, Sheet), device: Option<DeviceName>) -> Sheet {
        self.opening = Some(handed_over(opening, false, device));
        self.forget();
        sheet
    }

    fn open(&self) -> Result<&Mailbox, Problem> {
        self.mailbox.as_ref().ok_or_else(out_of_step)
    }

    /// All of it, the oldest letter first. Each is marked as read, and its sender gets the signed receipt.
    async fn conversation(&self) -> Result<GuestLetters, Problem> {
        let (mailbox, Shown { from, expires, .. }) = (self.open()?, self.shown()?);
        mailbox.sync(&self.world).await.or_problem()?;
        let mut ids: Vec<(Timestamp, LetterId)> = Vec::new();
        for folder in [Folder::Inbox, Folder::Sent] {
            let rows = mailbox.list(&self.world, folder, ALL).await.or_problem()?;
            ids.extend(rows.iter().map(|row| (row.entry.arrived, row.entry.id)));
        }
        ids.sort_unstable();
        let (mut letters, mut shut) = (Vec::new(), Vec::new());
        for (_, id) in ids {
            match self.letter(mailbox, id).await {
                Ok(letter) => letters.push(letter),
                Err(problem) if problem.class == Class::Unavailable => return Err(problem),
                // One that does not open must not hide the others.
                Err(problem) => shut.push(problem),
            }
        }
        let (me, from, expires, agreed) = (mailbox.address().clone(), from.clone(), *expires, self.agreed);
        Ok(GuestLetters { me, from, expires, agreed, letters, shut })
    }

    async fn letter(&self, mailbox: &Mailbox, id: LetterId) -> Result<Letter, Problem> {
        let reading = mailbox.read(&self.world, id).await.map_err(|error| problem(&error))?;
        let contacts = mailbox.contacts();
        Ok(People::of(mailbox, &contacts).letter(&reading, Vec::new(), vec![id]))
    }
}

impl<W: World> GuestCalls for Guest<W> {
    async fn show_link(&mut self, args: ShownLink) -> Result<GuestLink, Problem> {
        let link = LinkSecret::parse(&args.link).map_err(|error| match error {
            NotALink::Length { .. } => refused(PageProblem::LinkCut),
            NotALink::Check => refused(PageProblem::LinkDiffers),
        })?;
        let shown = links::show_link(&self.world, &link).await.or_problem()?;
        let view = GuestLink {
            from: shown.from.clone(),
            organisation: shown.organisation.clone(),
            address: shown.address.clone(),
            expires: shown.expires,
            hint: shown.to_choose.offers().first().map(|offer| offer.hint.clone()).unwrap_or_default(),
        };
        let mut factor = Factor::offered(shown.to_choose);
        if factor.asked().is_none()
            && let Some(first) = factor.shown().offers.first()
        {
            factor.choose(&first.id.to_string());
        }
        self.shown = Some(Shown { link, from: shown.from, expires: shown.expires, factor });
        Ok(view)
    }

    async fn send_code(&mut self, _: Nothing) -> Result<Done, Problem> {
        let asked = self.shown()?.factor.asked().ok_or_else(out_of_step)?;
        asked.send(&self.world).await.or_problem().map(|()| Done {})
    }

    async fn open_link(&mut self, _: Nothing) -> Result<GuestLetters, Problem> {
        let opening = self.shown()?.factor.open_link(&self.world).await?;
        self.begin(opening).await?;
        self.conversation().await
    }

    async fn show_page(&mut self, args: NamedPage) -> Result<PublicPage, Problem> {
        let (writing, view) = WritingByPage::begin(&self.world, &args.name, self.writing.take()).await?;
        self.writing = Some(writing);
        Ok(view)
    }

    async fn prove_writer(&mut self, args: WritersAddress) -> Result<Done, Problem> {
        self.writing.as_mut().ok_or_else(out_of_step)?.prove(&self.world, &args).await.map(|()| Done {})
    }

    async fn send_writers_code(&mut self, _: Nothing) -> Result<Done, Problem> {
        self.writing.as_ref().ok_or_else(out_of_step)?.send_code(&self.world).await.map(|()| Done {})
    }

    async fn enter_writers_code(&mut self, args: Code) -> Result<Done, Problem> {
        self.writing.as_mut().ok_or_else(out_of_step)?.enter_code(&self.world, &args.code).await.map(|()| Done {})
    }

    async fn write_by_page(&mut self, args: LetterByPage) -> Result<KeptLink, Problem> {
        self.writing.as_mut().ok_or_else(out_of_step)?.write(&self.world, args).await
    }

    async fn enter_code(&mut self, args: Code) -> Result<GuestEntered, Problem> {
        self.enter(&args.code).await?;
        let letters = if self.locked.is_some() { None } else { Some(self.conversation().await?) };
        Ok(GuestEntered { letters })
    }

    async fn enter_passphrase(&mut self, args: Spoken) -> Result<GuestLetters, Problem> {
        // It may be open already, where the network went away before the letters came.
        if self.mailbox.is_none() {
            let locked = self.locked.as_ref().ok_or_else(out_of_step)?;
            let opened = locked.open(&self.world, &Passphrase::heard(&args.words));
            self.begin(opened.map_err(|_| refused(PageProblem::WordsDiffer))?).await?;
        }
        self.conversation().await
    }

    async fn look_again(&mut self, _: Nothing) -> Result<GuestLetters, Problem> {
        self.conversation().await
    }

    async fn answer_letter(&mut self, args: NewAnswer) -> Result<GuestLetters, Problem> {
        let mailbox = self.open()?;
        let (answers, level) = match mailbox.peek(&self.world, id(&args.id)?).await {
            Ok(letter) => (Some(Answers::to(&letter)), letter.level()),
            // Taken back while it was read: what was written is no answer any more, and still a letter.
            Err(ReadError::NotFound) => (None, None),
            Err(error) => return Err(problem(&error)),
        };
        let to = vec![self.shown()?.from.clone()];
        let files = files_of(mailbox, args.files)?;
        if files.iter().any(|file| file.uploaded.is_none()) {
            return Err(refused(FailureName::Client(ClientProblem::FileNotUploaded)));
        }
        let NewAnswer { subject, text, .. } = args;
        let written = Addressed { to, subject, text, answers, level, files, ..Addressed::default() };
        mailbox.send(&self.world, &written).await.or_problem()?;
        self.conversation().await
    }

    async fn export(&mut self, args: Id) -> Result<Exported, Problem> {
        exported(self.open()?, &self.world, &args).await
    }

    async fn say_saved(&mut self, args: Id) -> Result<Done, Problem> {
        self.open()?.say_saved(&self.world, id(&args.id)?).await.or_problem().map(|()| Done {})
    }

    async fn report_wrong_number(&mut self, _: Nothing) -> Result<Done, Problem> {
        links::report_wrong_number(&self.world, &self.shown()?.link).await.or_problem().map(|()| Done {})
    }

    async fn decline(&mut self, args: Declining) -> Result<Done, Problem> {
        if let Some(code) = &args.code {
            self.enter(code).await?;
        }
        match &self.locked {
            Some(locked) => locked.decline(&self.world).await.or_problem()?,
            None => self.open()?.decline(&self.world).await.or_problem()?,
        }
        self.forget();
        Ok(Done {})
    }

    async fn claim(&mut self, args: NewClaim) -> Result<Registering, Problem> {
        Registering::begin_claim(&self.world, self.open()?, args).await
    }

    async fn enter_address_code(&mut self, args: RegisteringCode) -> Result<Registering, Problem> {
        args.prove_address_of_guest(&self.world, self.open()?).await
    }

    async fn send_registering_code(&mut self, args: Registering) -> Result<Done, Problem> {
        args.send_again(&self.world).await.map(|()| Done {})
    }

    async fn make_mailbox(&mut self, args: RegisteringPassword) -> Result<Sheet, Problem> {
        let RegisteringPassword { registering, password, device } = args;
        let made = registering.claim(&self.world, &password, self.left()?).await?;
        Ok(self.hand_over(made, device))
    }

    async fn leave_keys(&mut self, _: Nothing) -> Result<Done, Problem> {
        self.left = Some(GuestKeys::of(self.open()?, &self.shown()?.from));
        Ok(Done {})
    }

    async fn begin_passkey(&mut self, args: Registering) -> Result<PasskeyCreation, Problem> {
        args.begin_passkey(&self.world).await
    }

    async fn passkey_made(&mut self, args: CreatedFirstPasskey) -> Result<PasskeyAsked, Problem> {
        let output = self.handed.take();
        let CreatedFirstPasskey { registering, passkey } = args;
        let (made, to_use) = registering.passkey_made(&self.world, passkey, output.as_ref()).await?;
        self.passkey = Some(made);
        Ok(PasskeyAsked { request: PasskeyRequest::of_new(to_use), sealed: output.is_some() })
    }

    async fn seal_passkey(&mut self, args: Registering) -> Result<Done, Problem> {
        let output = self.handed.take().ok_or_else(out_of_step)?;
        args.seal_for_passkey(&self.world, self.passkey.as_mut().ok_or_else(out_of_step)?, &output);
        Ok(Done {})
    }

    async fn make_mailbox_by_passkey(&mut self, args: UsedFirstPasskey) -> Result<Sheet, Problem> {
        let used = (args.used, self.handed.take());
        let made = self.passkey.take().ok_or_else(out_of_step)?;
        let made = args.registering.claim_by_passkey(&self.world, made, used, self.left()?).await?;
        Ok(self.hand_over(made, args.device))
    }

    async fn leave(&mut self, _: Nothing) -> Result<Done, Problem> {
        self.forget();
        // A session that could not be ended ends by itself; its keys are gone with this.
        let _ = sign_in::sign_out(&self.world).await;
        Ok(Done {})
    }
}
